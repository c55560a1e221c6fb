"""Ship what packages read but does not lie in them: the grammar and the JavaScript client."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GrammarHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            include = build_data["force_include"]
            include["grammar/soli.lark"] = "soli_lang/soli.lark"
            for name in ("soli.js", "soli.d.ts"):
                include[f"clients/js/{name}"] = f"soli_runtime/clients_js/{name}"
