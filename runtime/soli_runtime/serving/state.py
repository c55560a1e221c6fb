"""What the parts of one service share: what it was set up with, and how it is with it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soli_lang.base.records import Record, field

from ..calling.calls import failure_text
from ..gate.request_turns import RequestTurns
from ..http.responses import Response, text_response
from ..http.sse import Topics
from ..observing.logs import Log
from ..observing.looks import Needs
from ..observing.tally import Tally
from ..settings import Settings

if TYPE_CHECKING:
    from ..observing.metrics import Metrics
    from ..observing.observation import Observation
    from .dev.own_pages import OwnPages


class ServiceState(Record):
    """The service changes what is below `topics`; its parts read it."""

    settings: Settings
    log: Log
    turns: RequestTurns
    tally: Tally = field(default_factory=Tally)
    topics: Topics = field(default_factory=Topics)
    needs: Needs = field(default_factory=Needs)
    inflates: bool = False
    """Whether bodies of requests come as they were sent, for us to inflate."""
    metrics: Metrics | None = None
    """None unless they are on."""
    observation: Observation | None = None
    """None unless somebody watches."""
    own_pages: OwnPages | None = None
    """None unless `--dev`, or there is a token for the dashboard."""
    is_stopping: bool = False

    def error_response(self, error: BaseException) -> Response:
        """What a client sees of a failure: nothing of it, unless `--dev`."""
        if self.settings.dev:
            return text_response(500, failure_text(error))
        return text_response(500, "Internal Server Error")
