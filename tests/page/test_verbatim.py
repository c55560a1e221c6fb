"""The samples that these tests run are the page's, word for word.

`websockets-page.txt` is the page as text; its layout lost code fences and indentation.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
SAMPLES = HERE / "samples"
PAGE = (HERE / "websockets-page.txt").read_text(encoding="utf-8").splitlines()

# First and last line of each block of code on the page, and the sample file that holds it.
BLOCKS = [
    (13, 13, "quick_start/config/routes.soli"),
    (14, 17, "quick_start/app/controllers/echo_controller.soli"),
    (18, 21, "quick_start.js"),
    (25, 31, "handlers/app/controllers/chat_controller.soli"),
    (77, 80, "broadcast/app/controllers/chat_controller.soli"),
    (84, 91, "rooms.soli"),
    (95, 117, "presence/app/controllers/chat_controller.soli"),
    (126, 139, "presence_state.json"),
    (140, 146, "presence_diff.json"),
    (149, 154, "client_connect.js"),
    (155, 159, "client_send.js"),
    (160, 179, "client_presence.js"),
]

# Lines of code that stand alone, and the sample file that has each as an expression of its own.
ACTION_LINES = [51, 54, 57, 60, 63, 66, 69, 72]
HELPER_LINES = [185, 188, 191, 194, 198, 201, 205, 206, 209, 212, 216, 219, 222]


def page(first: int, last: int) -> list[str]:
    return PAGE[first - 1 : last]


def code(sample: str) -> list[str]:
    text = (SAMPLES / sample).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize(("first", "last", "sample"), BLOCKS)
def test_a_block_is_the_whole_of_its_sample_file(first: int, last: int, sample: str) -> None:
    """Each block of the page is a sample file of its own, but for indentation."""
    assert code(sample) == page(first, last)


@pytest.mark.parametrize("line", ACTION_LINES)
def test_an_action_is_returned_as_the_page_writes_it(line: int) -> None:
    """`{ "send": "Hello you" }` and its like are what the handler of `actions.soli` returns."""
    (sample,) = page(line, line)
    assert any(line.startswith(f"return {sample} if ") for line in code("actions.soli"))


@pytest.mark.parametrize("line", HELPER_LINES)
def test_a_helper_is_called_as_the_page_writes_it(line: int) -> None:
    """Each call of section 7 is a line of `helpers.soli`."""
    assert page(line, line)[0] in code("helpers.soli")


def test_no_code_of_the_page_is_left_out() -> None:
    """Lines of the page that look like code are all in the tables above."""
    covered = {n for first, last, _ in BLOCKS for n in range(first, last + 1)}
    covered |= {*ACTION_LINES, *HELPER_LINES}
    signs = ("{", "}", "=>", " = ", '("', "def ", "return ", "end")
    prose = {4, 45, 157}  # "bundled with this app", "Return {} to do nothing"
    missed = [
        (number, line)
        for number, line in enumerate(PAGE, start=1)
        if number not in covered | prose and line.startswith(signs)
    ]
    assert missed == []
