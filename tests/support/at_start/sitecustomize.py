"""What Python imports when it starts: constants of a server get smaller (`../constants.py`)."""

import json
import os

if "SOLI_TEST_CONSTANTS" in os.environ:
    from soli_runtime.settings import Constants, Settings

    default = Settings.record_fields["constants"].default
    for name, value in json.loads(os.environ["SOLI_TEST_CONSTANTS"]).items():
        assert name in Constants.record_fields, name
        object.__setattr__(default, name, value)
