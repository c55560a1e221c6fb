"""Stand-ins for secrets and personal data in recordings."""

from __future__ import annotations

import json

from soli_runtime.recordings.masks import STAND_IN, Masks


def test_the_same_value_has_the_same_stand_in_wherever_it_stands() -> None:
    """Under the key, as a value elsewhere, inside of texts and of JSON in texts."""
    masks = Masks(["email", "Name"])
    entry = masks.entry(
        {
            "user": {"id": 1, "email": "ada@b.org", "name": "Ada"},
            "message": json.dumps({"event": "hi", "text": "mail ada@b.org", "to": "ada@b.org"}),
            "did": [["send", '"Ada writes"'], ["broadcast", '{"name": "Ada", "n": 5}']],
            "path": "/ws/ada@b.org",
        }
    )
    email, name = entry["user"]["email"], entry["user"]["name"]
    assert STAND_IN.fullmatch(email)
    assert email != name
    assert json.loads(entry["message"]) == {"event": "hi", "text": f"mail {email}", "to": email}
    assert entry["did"][0] == ["send", '"Ada writes"']  # too short to be looked for in texts
    assert json.loads(entry["did"][1][1]) == {"name": name, "n": 5}
    assert entry["path"] == f"/ws/{email}"
    assert entry["user"]["id"] == 1
    assert masks.entry({"a": "ada@b.org"}) == {"a": email}
    assert Masks(["email"]).entry({"email": "ada@b.org"})["email"] != email


def test_secrets_are_masked_without_being_named() -> None:
    """By the keys of hashes, the names that builtins are asked for, and in texts of both."""
    entry = Masks().entry(
        {
            "headers": {"cookie": "a=b", "authorization": "Bearer q", "accept": "*/*"},
            "asked": [
                ["getenv", ["API_KEY"], {"=": "k3y!"}],
                ["getenv", ["HOME"], {"=": "/home"}],
                ["KV.set", ["token:1", "t0ken"], {"=": None}],
                ["password_hash", ["pa55word"], {"=": "$argon2$x"}],
                ["HTTP.get", ["https://a.b/", {"headers": {"Authorization": "k3y!"}}], {"=": "k"}],
            ],
            "message": '{"password": "pa55word", "broken": ',
            "did": [["send", '{"secret": null, "n": true}']],
        }
    )
    text = json.dumps(entry)
    for secret in ("a=b", "Bearer q", "k3y!", "t0ken", "pa55word", "$argon2$x"):
        assert secret not in text, secret
    assert entry["headers"]["accept"] == "*/*"
    assert entry["asked"][1] == ["getenv", ["HOME"], {"=": "/home"}]
    assert entry["did"] == [["send", '{"secret": null, "n": true}']]
    used = entry["asked"][4][1][1]["headers"]["Authorization"]
    assert used == entry["asked"][0][2]["="]


def test_what_nests_deeply_is_masked_or_left_in_time() -> None:
    deep = "[" * 50_000 + '{"token": "abcdef"}' + "]" * 50_000
    assert "abcdef" not in Masks().entry({"message": deep})["message"]
