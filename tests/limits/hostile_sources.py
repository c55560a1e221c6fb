"""Source texts that are too deep, too long or too odd, and how reading each must end."""

from __future__ import annotations

REFUSED = "ParseError"


def sources() -> dict[str, tuple[str, str]]:
    nested, long = 5_000, 50_000
    either = REFUSED + "|value|LimitError"
    found = {
        f"nested {opening}": (f"x = {opening * nested}1{closing * nested}", REFUSED)
        for opening, closing in (
            ("(", ")"),
            ("[ ", "]"),
            ("{a: ", "}"),
            ("fn() ", ""),
            ("-> { ", "}"),
            ("f(", ")"),
            ("x[", "]"),
            ('"#{', '}"'),
            ("!", ""),
            ("- ", ""),
            ("not ", ""),
            ("[...", "]"),
            ("a ? ", " : 1"),
            ("1 + (", ")"),
            ("f { ", " }"),
            ("f |x| ", " end"),
        )
    }
    found |= {
        f"nested {opening.split()[0]}": (f"{opening}\n" * nested + closing * nested, REFUSED)
        for opening, closing in (
            ("if true", "end\n"),
            ("while true", "end\n"),
            ("def f", "end\n"),
            ("class A", "end\n"),
            ("for x in y", "end\n"),
            ("try", "catch e\nend\n"),
            ("match x\n1 => match", "end\n"),
            ("unless x", "end\n"),
            ("module M", "end\n"),
            ("case x\nwhen 1", "end\n"),
            ("begin", "rescue\nend\n"),
            ("if x {", "}\n"),
            ("enum E", "end\n"),
        )
    }
    found |= {
        f"chain of {operator}": (f"x = 1{f' {operator} 1' * long}", either)
        for operator in (
            "+",
            "-",
            "*",
            "/",
            "%",
            "==",
            "<",
            "&&",
            "||",
            "??",
            "|>",
            "..",
            "<<",
            "? 1 :",
            "rescue",
            "and",
            "or",
        )
    }
    found |= {
        "chain of =": ("x = " * long + "1", either),
        "chain of members": ("x = 1" + ".abs" * long, either),
        "chain of safe members": ("x = 1" + "&.abs" * long, either),
        "chain of calls": ("x = f" + "()" * long, either + "|NameError"),
        "chain of method calls": ("x = 1" + ".abs()" * long, either),
        "chain of indexes": ("x = 1" + "[0]" * long, either + "|TypeError|NameError"),
        "chain of blocks": ("x = [1]" + ".map { |a| a }" * long, either),
        "chain of scopes": ("x = A" + "::B" * long, either + "|NameError"),
        "elsif chain": ("if false\n 1\n" + "elsif false\n 1\n" * 20_000 + "end", either),
        "else if chain": ("if false\n 1\n" + "else if false\n 1\n" * 20_000 + "end\n" * 1, either),
        "match arms": (
            "match 1\n" + "".join(f" {i} => 1\n" for i in range(20_000)) + "end",
            either,
        ),
        "catch clauses": ("try\n 1\n" + "catch TypeError e\n 1\n" * 5_000 + "end", either),
        "statements": ("x = 1\n" * 20_000, either),
        "arguments": ("f(" + "1, " * 20_000 + "1)", either + "|NameError"),
        "parameters": (
            "def f(" + ", ".join(f"a{i}" for i in range(20_000)) + ")\n 1\nend\nf(1)",
            either + "|ArgumentError",
        ),
        "array literal": ("x = [" + "1, " * 20_000 + "1]", either),
        "hash literal": ("x = {" + "a: 1, " * 20_000 + "a: 1}", either),
        "interpolations": ('x = "' + "#{1}" * 20_000 + '"', either),
        "nested quotes in interpolation": ("x = " + '"#{[' * 300 + "1" + ']}"' * 300, REFUSED),
        "methods": (
            "class A\n" + "".join(f" def m{i}\n  {i}\n end\n" for i in range(5_000)) + "end",
            either,
        ),
        "variables": ("".join(f"v{i} = {i}\n" for i in range(20_000)), either),
        "long name": ("x = " + "a" * 1_000_000, "NameError|ParseError|LimitError"),
        "long text": ('x = "' + "a" * 1_000_000 + '"', either),
        "long comment": ("# " + "a" * 1_000_000, either),
        "comments in comments": ("/*" * 100_000 + "*/" * 100_000, either),
        "open comments": ("/*" * 100_000, either),
        "quotes": ('"' * 100_001, REFUSED),
        "open arrays in arrays": ("[[" * 50_000, REFUSED),
        "semicolons": (";" * 100_000, either),
        "ends": ("end\n" * 10_000, REFUSED),
        "errors on every line": ("x = )\n" * 5_000, REFUSED),
        "opened everything": ("([{" * 50_000, REFUSED),
        "closed everything": (")]}" * 50_000, REFUSED),
        "NUL": ("x = 1\0" * 1_000, REFUSED),
        "too much text": ("x = 1\n" * 800_000, REFUSED),
        "patterns": ("match x\n " + "[" * nested + "a" + "]" * nested + " => 1\nend", REFUSED),
        "backslashes": ("x = 1 \\\n" * 20_000 + "+ 1", either),
        "self-extending classes": (
            "class A\nend\n"
            + "".join(f"class A{i + 1} extends A{i or ''}\nend\n" for i in range(3_000))
            + "A3000().x",
            either + "|NameError",
        ),
    }
    return found
