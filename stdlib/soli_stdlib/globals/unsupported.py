"""Names that Soli has and this library has not: calling one says so (tier T3)."""

from __future__ import annotations

from collections.abc import Callable

from soli_lang.base.errors import SoliError
from soli_lang.native.native import Any_, static
from soli_lang.values.values import Value

Refusal = Callable[..., Value]


def _static(owner: str, name: str) -> Refusal:
    return static(owner, name, Any_.rest())(_refusal(f"{owner}.{name}"))


def _refusal(name: str) -> Refusal:
    def refuse(*_: Value) -> Value:
        raise SoliError(f"{name} is not supported")

    return refuse


crypto_modexp = _static("Crypto", "modexp")
crypto_pkcs1_pad = _static("Crypto", "pkcs1_pad")
crypto_pkcs1_unpad = _static("Crypto", "pkcs1_unpad")
crypto_ledger_hash = _static("Crypto", "ledger_hash")
crypto_merkle_root = _static("Crypto", "merkle_root")
kv_getbit = _static("KV", "getbit")
kv_setbit = _static("KV", "setbit")
kv_bitcount = _static("KV", "bitcount")
kv_pfadd = _static("KV", "pfadd")
kv_pfcount = _static("KV", "pfcount")
kv_pfmerge = _static("KV", "pfmerge")
trusted_read = _static("Trusted", "read")
trusted_write = _static("Trusted", "write")
i18n_translate = _static("I18n", "translate")
i18n_plural = _static("I18n", "plural")
i18n_format_number = _static("I18n", "format_number")
i18n_format_currency = _static("I18n", "format_currency")
i18n_format_date = _static("I18n", "format_date")
