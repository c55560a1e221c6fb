"""Ship grammar/soli.lark inside the wheel, beside the package that reads it."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GrammarHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"]["grammar/soli.lark"] = "soli_lang/soli.lark"
