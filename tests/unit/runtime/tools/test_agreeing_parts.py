"""`soli check`: keys of sessions, jobs and users in the files of one app."""

from __future__ import annotations

from pathlib import Path

import pytest
from soli_runtime.tools.checks import ProgramCheck

from soli_lang.native.native import NativeFunction

from ....e2e.support import write_files

APP = {
    "config/routes.soli": """get("/", "home#index")
post("/login", "home#login")
def authenticate(request)
  id = session_get("user_id")
  id == null ? anonymous() : { "id": id, "name": "Ada" }
end
""",
    "app/jobs/welcome.soli": """class Welcome
  static def perform(args: Hash)
    print(args["address"])
  end
end
""",
    "app/controllers/home_controller.soli": """import { remember } from "../../lib/visits.soli"
def index(req)
  render("home/index", { "user": get_current_user()["name"], "n": session_get("visits") })
end
def login(req)
  session_set("user_id", 1)
  session_set("theme", "dark")
  remember(1)
  Welcome.perform_later({ "address": "a@example.com" })
  {}
end
""",
    "lib/visits.soli": """export def remember(count)
  session_set("visits", count)
end
""",
    "app/views/home/index.html.slv": '<body class="<%= session_get("theme") %>"></body>\n',
}
HOME = "app/controllers/home_controller.soli"
ROUTES = "config/routes.soli"
MODULE = "lib/visits.soli"


def found(root: Path, files: dict[str, str]) -> list[str]:
    """All findings in the app, as file, line, code and hint."""
    write_files(root, files)
    check = ProgramCheck()
    paths = [root / name for name in files if name.endswith(".soli")]
    return [
        f"{Path(one.source.name).name}:{one.source.position(one.span.start).line} "
        f"{one.code} {one.hint}"
        for one in check.check_files(paths)
    ]


def test_an_app_whose_parts_agree_has_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, APP) == []


@pytest.mark.parametrize(
    ("file", "right", "wrong", "finding"),
    [
        (HOME, '"user_id"', '"usr_id"', "routes.soli:4 session-key did you mean 'usr_id'?"),
        (MODULE, '"visits"', '"vists"', "home_controller.soli:3 session-key did you mean 'vists'?"),
        (HOME, '"theme"', '"user_ids"', "home_controller.soli:7 session-key "
         "did you mean 'user_id'?"),
        (HOME, '"address"', '"adress"', "home_controller.soli:9 unknown-key "
         "did you mean 'address'?"),
        (HOME, '{ "address": "a@example.com" }', '"a"', "home_controller.soli:9 type "
         "of the job Welcome"),
        (HOME, '["name"]', '["nmae"]', "home_controller.soli:3 unknown-key did you mean 'name'?"),
    ],
)  # fmt: skip
def test_a_part_that_does_not_agree_is_found(
    tmp_path: Path, file: str, right: str, wrong: str, finding: str
) -> None:
    """In the file where it stands."""
    assert found(tmp_path, {**APP, file: APP[file].replace(right, wrong, 1)}) == [finding]


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        # Another part may do anything with the session, or the user.
        (HOME, 'session_set("user_id", 1)', 'session_set(req["all"]["key"], 1)'),
        (ROUTES, '{ "id": id, "name": "Ada" }', 'find_user(id)'),
        (HOME, '["name"]', '["locale"]'),
        (HOME, '"address"', '"to"'),
    ],
)  # fmt: skip
def test_what_may_be_right_is_left_alone(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    files = {**APP, file: APP[file].replace(right, wrong, 1)}
    files[ROUTES] += "def find_user(id)\n  KV.get(id)\nend\n"
    assert found(tmp_path, files) == []


def test_of_an_authenticate_of_the_host_nothing_is_assumed(tmp_path: Path) -> None:
    """It may return any Hash."""
    files = {**APP, HOME: APP[HOME].replace('["name"]', '["nmae"]')}
    write_files(tmp_path, files)
    host = ProgramCheck({"authenticate": NativeFunction("authenticate", 1, 1, lambda one: None)})
    assert host.check_file(tmp_path / HOME) == []
