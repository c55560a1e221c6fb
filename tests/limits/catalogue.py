"""Programs that would hurt their host if it let them, and how each must end.

`ends` is one of: the beginning of an error's kind (`LimitError`, `ParseError`, …), or `value` for a
program that is merely strange. Several may be allowed, separated by `|`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .hostile_sources import REFUSED, sources

LIMIT = "LimitError"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One program."""

    name: str
    text: str
    ends: str = LIMIT


def _loops() -> dict[str, str]:
    forever = "while true\nend"
    return {
        "empty loop": forever,
        "counting loop": "x = 0\nwhile true\n  x += 1\nend",
        "loop of values": "while true\n  1\nend",
        "loop over loops": "while true\n  for i in [1, 2]\n  end\nend",
        "loop of builtins": "while true\n  [3, 1, 2].sort.reverse.map(&:abs)\nend",
        "loop of next": "while true\n  next\nend",
        "loop in a block": "[1].each |x| while true\n 1\nend end",
        "huge times": "(9223372036854775807).times |i| i end",
        "huge upto": "1.upto(9223372036854775807) |i| i end",
        "caught in a loop": "while true\n try\n  while true\n  end\n catch e\n  1\n end\nend",
        "finally loops": "try\n  while true\n  end\nfinally\n  while true\n  end\nend",
        "finally returns": "def f\n try\n  while true\n  end\n finally\n  return 1\n end\nend\nf()",
        "finally throws": (
            'def f\n try\n  while true\n  end\n finally\n  throw "x"\n end\nend\n'
            "try\n f()\ncatch e\n 1\nend"
        ),
        "finally next": ("while true\n try\n  while true\n  end\n finally\n  next\n end\nend"),
        "rescue modifier": "def f\n while true\n end\nend\nx = f() rescue 1\nx",
        "begin ensure": ("begin\n while true\n end\nrescue e\n 1\nensure\n while true\n end\nend"),
        "handler loops": 'try\n throw "x"\ncatch e\n while true\n end\nend',
        "loop in a getter": "class A\n def x\n  while true\n  end\n end\nend\nA().x",
        "loop in to_s": ('class A\n def to_s\n  while true\n  end\n  "a"\n end\nend\nA().to_s'),
        "loop in a constructor": "class A\n new()\n  while true\n  end\n end\nend\nA()",
        "loop in a static block": "class A\n static {\n  while true\n  end\n }\nend",
        "loop in a field": "def f\n while true\n end\nend\nclass A\n x: Int = f()\nend\nA().x",
        "loop in a default": "def w\n while true\n end\nend\ndef f(x = w())\n x\nend\nf()",
        "loop in a condition": "def w\n while true\n end\nend\nif w() then 1 end",
        "loop in a comparison": "[2, 1].sort |a, b| while true\n 1\nend end",
        "loop in interpolation": 'def w\n while true\n end\nend\n"#{w()}"',
        "loop in define_method": (
            'class A\nend\nA.define_method("f") { while true\n 1\nend }\nA().f'
        ),
        "loop in instance_eval": "class A\nend\nA().instance_eval { while true\n 1\nend }",
        "loop in a match": "match 1\n x => (fn() { while true\n end })()\nend",
        "self-growing for": "a = [1]\nfor x in a\n a.push(x)\nend\na.length",
        "sleep for ever": "while true\n  sleep(1000)\nend",
    }


def _recursion() -> dict[str, str]:
    return {
        "function": "def f(x)\n f(x + 1)\nend\nf(1)",
        "no argument": "def f\n f()\nend\nf()",
        "many arguments": "def f(a, b, c, d, e)\n f(b, c, d, e, a)\nend\nf(1, 2, 3, 4, 5)",
        "defaults": "def f(x = 1, y = 2)\n f(x, y)\nend\nf()",
        "named": "def f(x)\n f(x: x)\nend\nf(x: 1)",
        "default value": "def f(x = f())\n x\nend\nf()",
        "lambda": "f = null\nf = fn(x) { f(x) }\nf(1)",
        "mutual through map": (
            "def a(x)\n [1].map(|y| b(y))\nend\ndef b(x)\n [x].each(|z| a(z))\nend\na(1)"
        ),
        "sort callback": "def a(x)\n [2, 1].sort(|p, q| a(x))\nend\na(1)",
        "sort with itself": "def f(x, y)\n [2, 1].sort(f)\nend\nf(1, 2)",
        "sort_by": "def f(x)\n [2, 1].sort_by(f)\nend\nf(1)",
        "reduce": "def f(x, y)\n [1, 2, 3].reduce(f)\nend\nf(1, 2)",
        "hash map": "def f(k, v)\n {a: 1}.map(f)\nend\nf(1, 2)",
        "find": "def f(x)\n [1].find(f)\nend\nf(1)",
        "transform_values": "def f(x)\n {a: 1}.transform_values(f)\nend\nf(1)",
        "times": "def f(x)\n 1.times(f)\nend\nf(1)",
        "method": "class A\n def f\n  this.f()\n end\nend\nA().f()",
        "getter": "class A\n def f\n  this.f\n end\nend\nA().f",
        "static": "class A\n static def f\n  A.f()\n end\nend\nA.f()",
        "super": (
            "class A\n def f\n  this.f()\n end\nend\nclass B extends A\n def f\n  super.f()\n end\n"
            "end\nB().f()"
        ),
        "constructor": "class A\n new()\n  A()\n end\nend\nA()",
        "field": "class A\n x: A = new A()\nend\nA()",
        "method_missing": "class A\n def method_missing(n)\n  this.foo()\n end\nend\nA().bar()",
        "method_missing calls": (
            "class A\n def method_missing(n, x)\n  this.send(n, 1)\n end\nend\nA().bar(1)"
        ),
        "to_s": 'class A\n def to_s\n  "#{this.to_s()}"\n end\nend\nA().to_s()',
        "send": 'class A\n def f\n  this.send("f")\n end\nend\nA().send("f")',
        "instance_eval": ("class A\nend\ndef f(a)\n a.instance_eval { f(a) }\nend\nf(A())"),
        "define_method": 'class A\nend\nA.define_method("f") { this.f() }\nA().f()',
        "alias": 'class A\n def f\n  this.g()\n end\nend\nA.alias_method("g", "f")\nA().f()',
        "interpolation": 'def f\n "#{f()}"\nend\nf()',
        "comprehension": "def f\n [f() for x in [1]]\nend\nf()",
        "match": "def f(x)\n match x\n  y => f(y)\n end\nend\nf(1)",
        "try": "def f\n try\n  f()\n catch e\n  f()\n finally\n  f()\n end\nend\nf()",
        "rescue in every frame": "def f\n f() rescue f()\nend\nf()",
        "operator chain": "def f(x)\n 1 + f(x) + 1\nend\nf(1)",
        "logical": "def f(x)\n true && (false || f(x))\nend\nf(1)",
        "ternary": "def f(x)\n x ? f(x) : 0\nend\nf(1)",
        "pipeline": "def f(x)\n x |> f()\nend\nf(1)",
        "enum method": "enum E\n A\n def f\n  this.f()\n end\nend\nE.A.f()",
        "block argument": "def f(x, &b)\n f(b(x), &b)\nend\nf(1) { |x| x }",
        "many frames each": (
            "def f(x)\n [[1]].map(|a| a.map(|b| [b].sort_by(|c| f(c))))\nend\nf(1)"
        ),
        "class_eval": "def f\n String.class_eval { f() }\nend\nf()",
        "method on a builtin": (
            'String.define_method("again", fn() { this.again() })\n"x".again()'
        ),
        "cache fetch": 'def f\n Cache.fetch("x", f)\nend\nf()',
    }


def _texts() -> dict[str, str]:
    big = 's = "a" * 1000000\n'
    return {
        "repeat": '"x" * 10000000000000',
        "repeat of a repeat": '("x" * 1000000) * 1000000',
        "doubling": 's = "x"\nwhile true\n s = s + s\nend',
        "doubling in place": 's = "x"\nwhile true\n s += s\nend',
        "append one by one": big + 'while true\n s = s + "x"\nend',
        "prepend": 's = "x"\nwhile true\n s = s.prepend(s)\nend',
        "insert": 's = "x"\nwhile true\n s = s.insert(0, s)\nend',
        "replace grows": big + 's.replace("a", s)',
        "replace of nothing": big + 's.replace("", s)',
        "gsub grows": big + 's.gsub("a", "b" * 1000000)',
        "gsub of nothing": big + 's.gsub("", "b" * 1000)',
        "gsub with groups": 's = "a" * 100000\ns.gsub("(.*)", "$1" * 100000)',
        "Regex.replace_all": big + 'Regex.replace_all("a", s, "b" * 10000)',
        "join": 'a = (0..1000).map(|i| "x" * 1000000)\na.join("").length',
        "join separator": big + "(0..1000).join(s)",
        "interpolation": 's = "x" * 9000000\n"#{s}#{s}#{s}".length',
        "interpolation in a loop": 's = "x"\nwhile true\n s = "#{s}#{s}"\nend',
        "html_escape": 'html_escape("&" * 15000000)',
        "url_encode": 'url_encode("é" * 7000000)',
        "json of texts": 's = "x" * 9000000\nJSON.stringify([s, s, s])',
        "inspect of texts": 's = "x" * 9000000\n[s, s, s].inspect',
        "str of texts": 's = "x" * 9000000\nstr([s, s, s])',
        "split": '("a," * 5000000).split(",")',
        "chars": '("a" * 15000000).chars',
        "bytes": '("a" * 15000000).bytes',
        "lines": '("\\n" * 15000000).lines',
        "scan": '("a" * 15000000).scan("a")',
        "camelize": 's = "a_" * 3000000\nwhile true\n s.camelize\nend',
        "upcase in a loop": big + "while true\n s.upcase\nend",
        "reverse in a loop": big + "while true\n s.reverse\nend",
        "hash in a loop": big + "while true\n sha256(s)\nend",
        "Base64 in a loop": big + "while true\n Base64.encode(s)\nend",
        "encrypt in a loop": big + 'while true\n Crypto.encrypt(s, "k")\nend',
        "equality of long texts": (big + 't = "a" * 1000000\nwhile true\n s == t\nend'),
        "includes of long texts": (
            'a = (0..20).map(|i| "a" * 400000)\nw = "a" * 399999 + "b"\n'
            "while true\n a.includes?(w)\nend"
        ),
        "password hashing": 'while true\n password_hash("x")\nend',
        "markdown": 'Markdown.to_html("[" * 65000)\nwhile true\n'
        ' Markdown.to_html("> " * 32000)\nend',
        "sanitize": 's = "<b>" * 9000\nwhile true\n sanitize_html(s)\nend',
    }


def _collections() -> dict[str, str]:
    return {
        "doubling": "a = [1]\nwhile true\n a = a + a\nend",
        "push": "a = []\nwhile true\n a.push(1)\nend",
        "append": "a = []\nwhile true\n a << a.length\nend",
        "unshift": "a = []\nwhile true\n a.unshift(1)\nend",
        "insert": "a = [1]\nwhile true\n a.insert(0, 1)\nend",
        "concat itself": "a = [1]\nwhile true\n a.concat(a)\nend",
        "range": "(0..9000000000000).length",
        "range function": "range(0, 9000000000000)",
        "range array": "a = 0..1500000\nb = a + a\nb.length",
        "zip": "a = 0..500000\nb = a\nwhile true\n b = b.zip(b)\nend",
        "product": "a = 0..10000\na.map(|x| a.map(|y| [x, y]))",
        "comprehension": "a = 0..1000000\nwhile true\n [x for x in a]\nend",
        "hash keys": "h = {}\ni = 0\nwhile true\n h[i] = i\n i += 1\nend",
        "hash merge": "h = {}\ni = 0\nwhile true\n h = h.merge({i => h})\n i += 1\nend",
        "hash copies": ("h = {}\ni = 0\nwhile true\n h = h.merge(h)\n h[i] = i\n i += 1\nend"),
        "array spread": "a = [1]\nwhile true\n a = [...a, ...a]\nend",
        "medium arrays kept": "a = []\nwhile true\n a.push(0..10000)\nend",
        "medium texts kept": 'a = []\nwhile true\n a.push("x" * 1000000)\nend',
        "medium texts dropped": 'while true\n x = "a" * 9000000\nend',
        "small arrays kept": "a = []\nwhile true\n a.push([1, 2, 3])\nend",
        "linked list": "a = null\nwhile true\n a = [a]\nend",
        "objects kept": "class A\n x: Int = 1\nend\na = []\nwhile true\n a.push(A())\nend",
        "closures kept": "a = []\nwhile true\n a.push(fn() a)\nend",
        "flatten": ("a = [1]\ni = 0\nwhile i < 60\n a = [a, a]\n i += 1\nend\na.flatten"),
        "sort a million": "a = (0..1000000).reverse\nwhile true\n a.sort\nend",
        "sort mixed": 'a = (0..100000).map(|i| [i, "x", null][i % 3])\nwhile true\n a.sort\nend',
        "uniq of arrays": "a = (0..30000).map(|i| [i])\na.uniq.length",
        "difference": "a = (0..30000).map(|i| [i])\n(a - a).length",
        "includes": "a = (0..1000000)\nwhile true\n a.includes?(-1)\nend",
        "union": "a = 0..1000000\nwhile true\n a.union(a)\nend",
        "rotate": "a = 0..1000000\nwhile true\n a.rotate(1)\nend",
        "shift": "a = 0..1000000\nwhile true\n b = a.take(900000)\n b.shift\nend",
        "dup by slice": "a = 0..1000000\nwhile true\n a.slice(0, 900000)\nend",
        "group_by": 'a = (0..10000).map(|i| {"k": i})\nwhile true\n a.group_by("k")\nend',
        "tally": "a = 0..100000\nwhile true\n a.tally\nend",
        "each_with_index": "a = 0..100000\nwhile true\n a.each_with_index |x, i| x end\nend",
        "transform": (
            "h = {}\nfor i in 0..50000\n h[i] = i\nend\nwhile true\n h.transform_values(|v| v)\nend"
        ),
        "to_json in a loop": "a = 0..100000\nwhile true\n a.to_json\nend",
        "Cache grows": ('i = 0\nwhile true\n Cache.set("k#{i}", "x" * 1000000)\n i += 1\nend'),
        "KV grows": 'i = 0\nwhile true\n KV.set("k#{i}", "x" * 100000) rescue 1\n i += 1\nend',
        "KV list": 'while true\n KV.rpush("k", "x")\nend',
    }


def _shared() -> dict[str, str]:
    """Values that hold themselves, or the same part over and over."""
    dag = "a = [1]\ni = 0\nwhile i < 60\n a = [a, a]\n i += 1\nend\n"
    twins = "a = [1]\nb = [1]\ni = 0\nwhile i < 60\n a = [a, a]\n b = [b, b]\n i += 1\nend\n"
    hashes = "a = {x: 1}\ni = 0\nwhile i < 60\n a = {l: a, r: a}\n i += 1\nend\n"
    enums = (
        "enum E\n P(l, r)\nend\na = E.P(1, 1)\nb = E.P(1, 1)\ni = 0\nwhile i < 60\n"
        " a = E.P(a, a)\n b = E.P(b, b)\n i += 1\nend\n"
    )
    objects = (
        "class N\n new(l, r)\n  this.l = l\n  this.r = r\n end\nend\na = N(1, 1)\ni = 0\n"
        "while i < 60\n a = N(a, a)\n i += 1\nend\n"
    )
    return {
        "str": dag + "str(a)",
        "print": dag + "print(a)",
        "inspect": dag + "a.inspect",
        "inspect of hashes": hashes + "a.inspect",
        "str of hashes": hashes + "str(a)",
        "inspect of enums": enums + "a.inspect",
        "str of objects": objects + "str(a)",
        "interpolation": dag + '"#{a}"',
        "concatenation": dag + '"x" + a',
        "join": dag + 'a.join(",")',
        "to_json": dag + "a.to_json",
        "JSON": dag + "JSON.stringify(a)",
        "canonical JSON": dag + "Crypto.canonical_json(a)",
        "flatten": dag + "a.flatten",
        "throw": dag + "throw a",
        "error message": dag + "e = new Error(a)\nstr(e)",
        "error field": dag + 'e = new Error("x")\ne.message = a\nstr(e)',
        "KV": dag + 'KV.set("a", a)',
        "html_escape": dag + "html_escape(a)",
        "key error": dag + "{}.fetch(a)",
        "many equal": ("a = 0..100000\nb = 0..100000\nwhile true\n [a] == [b]\nend"),
        "many equal hashes": (
            "a = {}\nb = {}\nfor i in 0..50000\n a[i] = [i]\n b[i] = [i]\nend\n"
            "while true\n a == b\nend"
        ),
        "many written": "a = 0..50000\nwhile true\n str(a)\nend",
        "many inspected": "h = {}\nfor i in 0..5000\n h[i] = i\nend\nwhile true\n h.inspect\nend",
        "deep and long": (
            'a = ["x" * 9000000]\ni = 0\nwhile i < 90\n a = [a]\n i += 1\nend\n'
            "while true\n str(a)\nend"
        ),
        "inspect width": (
            "a = []\nfor i in 0..9\n a.push(0..200)\nend\nfor i in 0..5\n a = [a, a, a]\nend\n"
            "while true\n a.inspect\nend"
        ),
    } | {
        f"= {name}": text
        for name, text in {
            "equality": twins + "a == b",
            "equality of enums": enums + "a == b",
            "cyclic print": "a = []\na.push(a)\nprint(a)\nprint(a.inspect)\na == a",
            "cyclic hash": 'h = {}\nh["h"] = h\nprint(h)\nh.inspect',
            "cyclic equality": "a = []\na.push(a)\nb = []\nb.push(b)\na == b",
            "cyclic flatten": "a = []\na.push(a)\na.flatten.length rescue 1",
            "cyclic uniq": "a = []\na.push(a)\na.uniq.length",
            "cyclic sort": "a = []\na.push(a)\na.push(a)\na.sort.length",
            "cyclic object": (
                "class A\nend\na = A()\na.me = a\nprint(a)\nprint(a.inspect)\na == a"
            ),
            "deep print": "a = []\ni = 0\nwhile i < 50000\n a = [a]\n i += 1\nend\nstr(a).length",
            "deep equality": (
                "a = []\nb = []\ni = 0\nwhile i < 50000\n a = [a]\n b = [b]\n i += 1\nend\na == b"
            ),
            "deep drop": "a = []\ni = 0\nwhile i < 50000\n a = [a]\n i += 1\nend\na = null",
            "deep hash drop": (
                "a = {}\ni = 0\nwhile i < 50000\n a = {x: a}\n i += 1\nend\na = null"
            ),
            "deep object drop": (
                "class A\nend\na = A()\ni = 0\nwhile i < 50000\n b = A()\n b.x = a\n a = b\n"
                " i += 1\nend\na = null"
            ),
            "deep closure drop": (
                "def wrap(f)\n fn() { f }\nend\nf = null\ni = 0\nwhile i < 50000\n f = wrap(f)\n"
                " i += 1\nend\nf = null"
            ),
        }.items()
    }


def _numbers() -> dict[str, tuple[str, str]]:
    overflow = "OverflowError"
    return {
        "pow": ("2.pow(10000000000)", overflow),
        "pow at 63": ("2.pow(63)", overflow),
        "multiply": ("x = 2\nwhile true\n x = x * x\nend", overflow),
        "factorial": ("x = 1\ni = 1\nwhile true\n x = x * i\n i += 1\nend", overflow),
        "digits": ('("9" * 1000000).to_i', "value|TypeError|ValueError|OverflowError"),
        "int of digits": ('int("9" * 1000000)', "value|TypeError|ValueError|OverflowError"),
        "float of digits": ('float("9" * 1000000)', "value|TypeError|ValueError"),
        "hex of digits": ('("f" * 1000000).hex', "value|TypeError|ValueError|OverflowError"),
        "digits in a loop": (
            's = "9" * 1000000\nwhile true\n s.to_i rescue 0\nend',
            LIMIT + "|" + overflow,
        ),
        "decimal powers": (
            "x = 1.0D / 3\nwhile true\n x = x * x\nend",
            "value|OverflowError|LimitError",
        ),
        "decimal growth": (
            "x = 1.1D\nwhile true\n x = x * 1.1D\nend",
            "OverflowError|LimitError|Error",
        ),
        "decimal division": (
            "x = 1.0D\nwhile true\n x = x / 3\nend",
            "ZeroDivisionError|LimitError|OverflowError",
        ),
        "decimal text": ("x = 1.0D / 3\nwhile true\n str(x)\nend", LIMIT),
        "float text": ("x = float('1.7e308')\nwhile true\n str(x)\nend", LIMIT),
        "lcm": ("9223372036854775807.lcm(9223372036854775806)", overflow),
        "long literal": ("x = " + "9" * 100_000, REFUSED),
        "long decimal literal": ("x = 0." + "9" * 100_000 + "D", REFUSED),
        "decimal exponents": (
            "x = 1000000000000.0D\nwhile true\n x = x * x\nend",
            overflow,
        ),
        "decimal items": (
            "x = %n[1E+999999999999999999D 1E+999999D]\nwhile true\n str(x[0])\n str(x[1])\nend",
            LIMIT,
        ),
        "decimal round": ("x = %n[1E+900D]\nx[0].round(-3)", "value|OverflowError"),
        "round": ("1.5.round(1000000000)", "value|TypeError|ValueError"),
        "to_s of base": ("255.to_s(1000000)", "value|TypeError|ValueError|ArgumentError"),
        "lpad": ('"x".lpad(100000000000, " ")', "TypeError|LimitError"),
        "center": ('"x".center(100000000000)', "TypeError|LimitError"),
        "sleep": ("sleep(9223372036854775807)", "value|ValueError|TypeError|LimitError|Error"),
        "chr": ("9223372036854775807.chr", "TypeError|ValueError"),
    }


def _patterns() -> dict[str, tuple[str, str]]:
    harmless = "value|TypeError|ValueError|LimitError"
    return {
        "nested stars": ('("a" * 40).match("(a+)+$b")', "value"),
        "alternation": ('("a" * 5000).match("(a|aa)+$b")', "value"),
        "quadratic": ('("a" * 100000).match("(.*a){20}b")', harmless),
        "many groups": ('"x".match("(" * 2000)', harmless),
        "closed groups": ('"x".match("(" * 2000 + ")" * 2000)', harmless),
        "repetition": ('"x".match("((a{1,1000}){1,1000}){1,1000}")', harmless),
        "long pattern": ('"x".match("a?" * 100000 + "a" * 100000)', harmless),
        "alternatives": ('"x".match((0..50000).map(|i| "w#{i}").join("|"))', harmless),
        "classes": ('"x".match("[" + "\\\\w" * 100000 + "]")', harmless),
        "unicode": ('"x".match("\\\\p{L}{1000}")', harmless),
        "compile in a loop": ('i = 0\nwhile true\n "x".match("a{1,500}#{i}")\n i += 1\nend', LIMIT),
        "match in a loop": ('s = "a" * 1000000\nwhile true\n s.match("(a|b)*c")\nend', LIMIT),
        "backtracking in gsub": ('("a" * 100000).gsub("(a*)*b", "x").length', harmless),
        "validator": ('V.string().pattern("(a+)+$")', "value|TypeError|ValueError"),
        "tr": ('("a" * 100000).tr("a" * 100000, "b" * 100000).length', harmless),
        "squeeze": ('("ab" * 1000000).squeeze("ab" * 100000).length', harmless),
    }


def _texts_read() -> dict[str, tuple[str, str]]:
    harmless = "value|ValueError|TypeError|LimitError"
    return {
        "100 MB of JSON": ('JSON.parse("[" + "1," * 8000000 + "1]")', LIMIT),
        "deep JSON": ('JSON.parse("[" * 1000000)', "ValueError"),
        "deep JSON objects": ("JSON.parse('{\"a\":' * 100000)", "ValueError"),
        "closed deep JSON": ('JSON.parse("[" * 100000 + "]" * 100000)', "ValueError"),
        "JSON number": ('JSON.parse("9" * 1000000)', harmless),
        "JSON exponent": ('JSON.parse("1e999999999")', harmless),
        "JSON in a loop": (
            's = "[" + "1," * 100000 + "1]"\nwhile true\n JSON.parse(s)\nend',
            LIMIT,
        ),
        "bad JSON in a loop": (
            's = "[" + "1," * 100000 + "x]"\nwhile true\n JSON.parse(s) rescue 0\nend',
            LIMIT,
        ),
        "to_h in a loop": ('s = \'{"a": 1}\' + " " * 100000\nwhile true\n s.to_h\nend', LIMIT),
        "deep stringify": (
            "a = []\ni = 0\nwhile i < 100000\n a = [a]\n i += 1\nend\nJSON.stringify(a)",
            "TypeError|ValueError",
        ),
        "cyclic stringify": ("a = []\na.push(a)\nJSON.stringify(a)", "TypeError|ValueError"),
        "cyclic canonical": ("a = []\na.push(a)\nCrypto.canonical_json(a)", harmless),
        "cyclic to_json": ('a = {}\na["a"] = a\na.to_json', "TypeError|ValueError"),
        "cyclic cache": ('a = []\na.push(a)\nCache.set("a", a)', "TypeError|ValueError"),
        "markdown brackets": ('Markdown.to_html("[" * 65500)', harmless),
        "markdown quotes": ('Markdown.to_html(">" * 65500)', harmless),
        "markdown stars": ('Markdown.to_html("*a " * 21000)', harmless),
        "markdown links": ('Markdown.to_html("[](" * 21000)', harmless),
        "html": ('sanitize_html("<div>" * 100000)', harmless),
        "html with ends of nothing": (
            'sanitize_html("<span>" * 9999 + "</x>" * 190000)',
            LIMIT,
        ),
        "html of ampersands": ('sanitize_html("&" * 1000000)', LIMIT),
        "html of attributes": (
            'sanitize_html("<b " + (0..40000).map(|i| "a#{i}").join(" ") + ">")',
            LIMIT,
        ),
        "markdown images": ('s = "![" * 32000\nwhile true\n Markdown.to_safe_html(s)\nend', LIMIT),
        "markdown tables": (
            's = "|a" * 5000 + "\\n" + "|-" * 5000 + "\\n" + "|b\\n" * 10000\nMarkdown.to_html(s)',
            LIMIT,
        ),
        "JSON and a letter": (
            's = "[" + "0," * 4000000 + "x"\nwhile true\n JSON.parse(s) rescue 0\nend',
            LIMIT,
        ),
        "JSON of 19 digits": (
            's = "[" + "9999999999999999999," * 50000 + "1]"\nwhile true\n JSON.parse(s)\nend',
            LIMIT,
        ),
        "JSON of escapes": (
            's = "[" + "\\"\\\\ud83d\\\\ude00\\"," * 50000 + "\\"\\t\\"]"\n'
            "while true\n s.parse_json\nend",
            LIMIT,
        ),
        "date": ('DateTime.parse("9" * 1000000)', harmless),
        "url_decode": ('url_decode("%41" * 1000000).length', harmless),
        "Base64": ('Base64.decode("A" * 10000001)', harmless),
        "jwt": ('jwt_verify("a." * 100000, "k")', harmless),
        "glob": ('File.glob("**/" * 10000)', "value|IOError|LimitError|CapabilityError"),
    }


def _with(group: str, texts: dict[str, str], ends: str = LIMIT) -> list[Hostile]:
    return [
        Hostile(f"{group}: {name}", text, "value" if name.startswith("= ") else ends)
        for name, text in texts.items()
    ]


def _each(group: str, texts: dict[str, tuple[str, str]]) -> list[Hostile]:
    return [Hostile(f"{group}: {name}", text, ends) for name, (text, ends) in texts.items()]


RECURSION = tuple(_with("recursion", _recursion()))


def _unpaid_once() -> dict[str, str]:
    """What once ran for seconds between two looks at the clock."""
    long = 's = "x" * 15000000\nt = "x" * 15000000\n'
    forever = "while true\n {}\nend"
    million = "a = 0..1000000\n"
    return {
        "reduce that throws": million
        + forever.format("try\n a.reduce(|x, y| throw 1)\n catch e\n 1\n end"),
        "any? of the first": million + forever.format("a.any?(|x| true)"),
        "all? of the first": million + forever.format("a.all?(|x| false)"),
        "find the first": million + forever.format("a.find(|x| true)"),
        "one? of the first": million + forever.format("a.one?(|x| true)"),
        "any? of a hash": (
            "h = {}\nfor i in 0..100000\n h[i] = i\nend\n" + forever.format("h.any?(|k, v| true)")
        ),
        "unshift": million + forever.format("a.unshift(1)"),
        "insert": million + forever.format("a.insert(0, 1)"),
        "order": million + forever.format("a.order"),
        "prepend": long + forever.format('s.prepend("y")'),
        "equal texts": long + forever.format("s == t"),
        "unequal texts": long + forever.format("s != t"),
        "ordered texts": long + forever.format("s < t"),
        "texts in arrays": long + forever.format("[s] == [t]"),
        "starts_with?": long + forever.format("s.starts_with?(t)"),
        "ends_with?": long + forever.format("s.ends_with?(t)"),
        "arrays that differ at their ends": (
            "a = 0..1000000\nb = 0..1000000\nb[999999] = 0\n" + forever.format("a == b")
        ),
        "dbsize": (
            'i = 0\nwhile i < 50000\n KV.set("k#{i}", 1)\n i += 1\nend\n'
            + forever.format("KV.dbsize")
        ),
        "Cache.size": (
            'i = 0\nwhile i < 9000\n Cache.set("k#{i}", 1)\n i += 1\nend\n'
            + forever.format("Cache.size")
        ),
        "cleanup": (
            "i = 0\nwhile i < 9000\n"
            ' RateLimiter.new({"key": "k#{i}", "limit": 5, "window": 60}).allowed\n i += 1\nend\n'
            + forever.format("RateLimiter.cleanup")
        ),
        "padding": 'a = []\nwhile true\n a.push("x".lpad(1048576))\nend',
        "centering": 'a = []\nwhile true\n a.push("x".center(1048576))\nend',
        "shift of a hash": (
            "h = {}\nfor i in 0..200000\n h[i] = i\nend\nwhile true\n h.shift\n h[0] = 1\nend"
        ),
        "Ints in each other's way": (
            "h = {}\nk = 0\ni = 0\nwhile i < 150000\n h[k] = 1\n k = (k * 5 + 1) % 262144\n"
            " i += 1\nend\n" + forever.format("h[2305843009213693951]")
        ),
        "uniq of Ints in each other's way": (
            "a = []\nk = 0\ni = 0\nwhile i < 100000\n a.push(k)\n k = (k * 5 + 1) % 262144\n"
            " a.push(k + 2305843009213693951)\n i += 1\nend\n" + forever.format("a.uniq")
        ),
        "a match for each character": ('s = "ab" * 30000\n' + forever.format('s.scan("[ab]*c|a")')),
        "a long pattern": 's = "a" * 60000\n' + forever.format('s.match("(a?){200}a{200}b")'),
        "a pattern for each class": forever.format('"x".match("\\\\pL" * 3000) rescue 1'),
    }


PROGRAMS = (
    *_with("loop", _loops()),
    *RECURSION,
    *_with("text", _texts()),
    *_with("collection", _collections()),
    *_with("shared", _shared()),
    *_with("once unpaid", _unpaid_once()),
    *_each("number", _numbers()),
    *_each("pattern", _patterns()),
    *_each("reading", _texts_read()),
    *_each("source", sources()),
)
