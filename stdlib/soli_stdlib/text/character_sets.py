"""Character encodings by the labels of the WHATWG Encoding Standard (docs/spec §L16)."""

from __future__ import annotations

from soli_lang.base.errors import SoliValueError

_LABELS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "utf-16-le": "utf-16le utf-16 ucs-2 unicode csunicode iso-10646-ucs-2 unicodefeff",
    "utf-16-be": "utf-16be unicodefffe",
    "cp1252": "windows-1252 latin1 iso-8859-1 iso8859-1 iso88591 iso_8859-1 l1 ascii us-ascii"
    " cp1252 x-cp1252 cp819 ibm819 csisolatin1 iso-ir-100 ansi_x3.4-1968 iso_8859-1:1987",
    "cp866": "ibm866 866 cp866 csibm866",
    "iso8859-2": "iso-8859-2 iso8859-2 latin2 l2 iso88592 iso_8859-2 csisolatin2 iso-ir-101",
    "iso8859-3": "iso-8859-3 iso8859-3 latin3 l3 iso88593 iso_8859-3 csisolatin3 iso-ir-109",
    "iso8859-4": "iso-8859-4 iso8859-4 latin4 l4 iso88594 iso_8859-4 csisolatin4 iso-ir-110",
    "iso8859-5": "iso-8859-5 iso8859-5 cyrillic iso88595 iso_8859-5 csisolatincyrillic iso-ir-144",
    "iso8859-6": "iso-8859-6 iso8859-6 arabic iso88596 iso_8859-6 csisolatinarabic iso-ir-127",
    "iso8859-7": "iso-8859-7 iso8859-7 greek greek8 iso88597 iso_8859-7 csisolatingreek iso-ir-126",
    "iso8859-8": "iso-8859-8 iso8859-8 hebrew visual iso88598 iso_8859-8 csisolatinhebrew"
    " iso-8859-8-i logical",
    "iso8859-10": "iso-8859-10 iso8859-10 latin6 l6 iso885910 csisolatin6 iso-ir-157",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 csisolatin9",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "koi8-r koi8 koi cskoi8r koi8_r",
    "koi8-u": "koi8-u koi8-ru",
    "mac-roman": "macintosh mac csmacintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "cp874": "windows-874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 latin5 l5 iso88599 iso_8859-9"
    " csisolatin5 iso-ir-148",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "gb18030": "gb18030",
    "gbk": "gbk gb2312 chinese gb_2312 gb_2312-80 csgb2312 iso-ir-58 x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc_jp": "euc-jp x-euc-jp cseucpkdfmtjapanese",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "cp932": "shift_jis shift-jis sjis ms932 ms_kanji windows-31j x-sjis csshiftjis",
    "cp949": "euc-kr cseuckr korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949"
    " iso-ir-149",
}
"""Python codec -> labels."""

_C1 = dict(enumerate("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ", start=0x80))
"""windows-1252 where it differs from ISO 8859-1; the five holes are control characters."""
_ENCODE_C1: dict[int, int | str] = {
    **{byte: f"&#{byte};" for byte in _C1},
    **{ord(character): byte for byte, character in _C1.items()},
}


def codec(label: str) -> str:
    """Python's codec for a label. Raises SoliValueError `unknown encoding: X`."""
    wanted = label.strip("\t\n\f\r ").lower()
    for name, labels in _LABELS.items():
        if wanted in labels.split():
            return name
    raise SoliValueError(f"unknown encoding: {label}")


def decode_text(data: bytes, label: str) -> str:
    """*data* as text; malformed bytes become U+FFFD, a byte order mark goes."""
    name = codec(label)
    if name == "cp1252":
        return data.decode("latin-1").translate(_C1)
    text = data.decode(name, errors="replace")
    return text.removeprefix("\ufeff") if name.startswith("utf") else text


def encode_text(text: str, label: str) -> bytes:
    """*text* as bytes; what the encoding lacks becomes a numeric reference. UTF-16 gives UTF-8."""
    name = codec(label)
    if name.startswith("utf"):
        return text.encode()
    if name == "cp1252":
        return text.translate(_ENCODE_C1).encode("latin-1", errors="xmlcharrefreplace")
    return text.encode(name, errors="xmlcharrefreplace")
