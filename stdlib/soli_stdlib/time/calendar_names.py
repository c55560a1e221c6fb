"""Month, day and duration words in the languages of DateTime and Duration (docs/spec §L15)."""

from __future__ import annotations


class CalendarNames:
    """Names in one language: months from January, days from Monday."""

    __slots__ = ("days", "months", "short_days", "short_months")

    def __init__(
        self,
        months: tuple[str, ...],
        short_months: tuple[str, ...],
        days: tuple[str, ...],
        short_days: tuple[str, ...],
    ) -> None:
        self.months = months
        self.short_months = short_months
        self.days = days
        self.short_days = short_days


class TimeWords:
    """How one language speaks of spans of time."""

    __slots__ = ("_alone", "ago", "future", "gap", "units")

    def __init__(
        self,
        units: dict[str, tuple[str, str]],
        ago: str,
        future: str,
        gap: str = " ",
        alone: dict[str, str] | None = None,
    ) -> None:
        """*alone* has the plurals that differ where a span is not part of `ago`."""
        self.units = units
        """Singular and plural by the English name of the unit."""
        self._alone = {
            unit: (gap + singular, gap + (alone or {}).get(unit, plural))
            for unit, (singular, plural) in units.items()
        }
        self.ago = ago
        """Pattern with `{span}`."""
        self.future = future
        self.gap = gap
        """Between a number and its unit, and between two parts of a span."""

    def span(self, count: int, unit: str) -> str:
        """`3 days`, as part of `ago`."""
        singular, plural = self.units[unit]
        return f"{count}{self.gap}{singular if count == 1 else plural}"

    def alone(self, count: int, unit: str) -> str:
        """`3 days`, standing alone."""
        singular, plural = self._alone[unit]
        return f"{count}{singular if count == 1 else plural}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_NUMBERED_MONTHS = tuple(f"{month}月" for month in range(1, 13))

ENGLISH = CalendarNames(
    _words("January February March April May June July August September October November December"),
    _words("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    _words("Mon Tue Wed Thu Fri Sat Sun"),
)

CALENDARS: dict[str, CalendarNames] = {
    "en": ENGLISH,
    "fr": CalendarNames(
        _words(
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
        ),
        _words("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
        _words("lundi mardi mercredi jeudi vendredi samedi dimanche"),
        _words("lun. mar. mer. jeu. ven. sam. dim."),
    ),
    "de": CalendarNames(
        _words(
            "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
        ),
        _words("Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez"),
        _words("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
        _words("Mo Di Mi Do Fr Sa So"),
    ),
    "es": CalendarNames(
        _words(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
            " diciembre"
        ),
        _words("ene feb mar abr may jun jul ago sep oct nov dic"),
        _words("lunes martes miércoles jueves viernes sábado domingo"),
        _words("lun mar mié jue vie sáb dom"),
    ),
    "it": CalendarNames(
        _words(
            "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre"
            " dicembre"
        ),
        _words("gen feb mar apr mag giu lug ago set ott nov dic"),
        _words("lunedì martedì mercoledì giovedì venerdì sabato domenica"),
        _words("lun mar mer gio ven sab dom"),
    ),
    "pt": CalendarNames(
        _words(
            "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro"
            " dezembro"
        ),
        _words("jan fev mar abr mai jun jul ago set out nov dez"),
        _words("segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo"),
        _words("seg ter qua qui sex sáb dom"),
    ),
    "ja": CalendarNames(
        _NUMBERED_MONTHS,
        _NUMBERED_MONTHS,
        _words("月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日"),
        _words("月 火 水 木 金 土 日"),
    ),
    "zh": CalendarNames(
        _words("一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月"),
        _NUMBERED_MONTHS,
        _words("星期一 星期二 星期三 星期四 星期五 星期六 星期日"),
        _words("周一 周二 周三 周四 周五 周六 周日"),
    ),
}

UNITS = ("second", "minute", "hour", "day", "week", "month", "year")


def _units(text: str) -> dict[str, tuple[str, str]]:
    """`second/seconds minute/minutes …` in the order of UNITS; one word serves for both forms."""
    table = {}
    for unit, forms in zip(UNITS, text.split(), strict=True):
        singular, _, plural = forms.partition("/")
        table[unit] = (singular, plural or singular)
    return table


TIME_WORDS: dict[str, TimeWords] = {
    "en": TimeWords(
        _units(
            "second/seconds minute/minutes hour/hours day/days week/weeks month/months year/years"
        ),
        "{span} ago",
        "in the future",
    ),
    "fr": TimeWords(
        _units(
            "seconde/secondes minute/minutes heure/heures jour/jours semaine/semaines mois an/ans"
        ),
        "il y a {span}",
        "dans le futur",
    ),
    "de": TimeWords(
        _units(
            "Sekunde/Sekunden Minute/Minuten Stunde/Stunden Tag/Tagen Woche/Wochen Monat/Monaten"
            " Jahr/Jahren"
        ),
        "vor {span}",
        "in der Zukunft",
        # The nominative: `3 Tage`, but `vor 3 Tagen`.
        alone={"day": "Tage", "month": "Monate", "year": "Jahre"},
    ),
    "es": TimeWords(
        _units(
            "segundo/segundos minuto/minutos hora/horas día/días semana/semanas mes/meses año/años"
        ),
        "hace {span}",
        "en el futuro",
    ),
    "it": TimeWords(
        _units(
            "secondo/secondi minuto/minuti ora/ore giorno/giorni settimana/settimane mese/mesi"
            " anno/anni"
        ),
        "{span} fa",
        "nel futuro",
    ),
    "pt": TimeWords(
        _units(
            "segundo/segundos minuto/minutos hora/horas dia/dias semana/semanas mês/meses ano/anos"
        ),
        "há {span}",
        "no futuro",
    ),
    "ja": TimeWords(_units("秒 分 時間 日 週間 か月 年"), "{span}前", "未来", gap=""),
    "zh": TimeWords(_units("秒 分钟 小时 天 周 个月 年"), "{span}前", "未来", gap=""),
}


def calendar_names(locale: str | None) -> CalendarNames:
    """Names for a locale such as `fr` or `fr-CA`; English for an unknown one."""
    return CALENDARS.get(locale or "en") or CALENDARS.get(language_of(locale), ENGLISH)


def time_words(locale: str | None) -> TimeWords:
    """Words for a locale; English for an unknown one."""
    words = TIME_WORDS.get(locale or "en")
    return words or TIME_WORDS.get(language_of(locale), TIME_WORDS["en"])


def language_of(locale: str | None) -> str:
    """`fr` of `fr`, `fr-CA` or `fr_CA`."""
    return (locale or "en").replace("_", "-").partition("-")[0].lower()
