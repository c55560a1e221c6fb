"""Lark's reductions to nodes: statements and declarations; expressions are in `expressions`."""

from __future__ import annotations

from ...base.source import Span
from ...tree import class_macros, nodes
from ...tree.nodes import Body, If
from ..scanner.tokens import Token
from .expressions import Children, ExpressionBuilder, around

_VISIBILITIES = ("public", "private", "protected")
_FIELD_MESSAGE = "expected ':' and type annotation for field declaration"


class _SelfFunction(nodes.FunctionDecl):
    """`def self.name`: becomes a static method of the class around it."""


class _Singleton(nodes.Node):
    """`class << self`: its methods become static methods of the class around it."""

    members: tuple[nodes.Node, ...]


class Builder(ExpressionBuilder):
    """Everything that the grammar has rules for. One builder per parse."""

    # --- programs, bodies, simple statements -----------------------------------------------------

    def program(self, children: Children) -> Children:
        return children[0]  # type: ignore[no-any-return]

    def statements(self, children: Children) -> Children:
        for statement in children[::2]:
            if statement.__class__ is _SelfFunction:
                self.error("`def self.` belongs in a class or module", statement.span)
        return children[::2]

    def body(self, children: Children) -> Body:
        return Body(around(children), tuple(children[1]))

    def postfix_if(self, children: Children) -> nodes.Stmt:
        statement, word, condition = children
        if word.value == "unless":
            condition = nodes.Unary(condition.span, "!", condition)
        return If(around(children), condition, Body(statement.span, (statement,)), None)

    def let(self, children: Children) -> nodes.Stmt:
        _, name, annotation, value = children
        last = value or annotation or name
        span = around([children[0], last])
        return nodes.Let(span, name.value, annotation, value)

    def const(self, children: Children) -> nodes.Stmt:
        _, name, annotation, _, value = children
        return nodes.Const(around(children), name.value, annotation, value)

    def return_nothing(self, children: Children) -> nodes.Stmt:
        return nodes.Return(children[0].span, None)

    def return_value(self, children: Children) -> nodes.Stmt:
        return nodes.Return(around(children), children[1])

    def break_statement(self, children: Children) -> nodes.Stmt:
        return nodes.Break(children[0].span)

    def throw_statement(self, children: Children) -> nodes.Stmt:
        return nodes.Throw(around(children), children[1])

    def block_statement(self, children: Children) -> nodes.Stmt:
        return nodes.BlockStmt(children[0].span, children[0])

    # --- compound statements ----------------------------------------------------------------------

    def if_statement(self, children: Children) -> nodes.Stmt:
        word, condition, then, clauses = children
        return self._if(word, condition, then, clauses)

    def unless_statement(self, children: Children) -> nodes.Stmt:
        word, condition, then, clauses = children
        return self._if(word, nodes.Unary(condition.span, "!", condition), then, clauses)

    def _if(self, word: Token, condition: nodes.Expr, then: Body, clauses: Children) -> nodes.Stmt:
        otherwise: Body | None = clauses[-1]
        for at in range(len(clauses) - 4, -1, -3):
            keyword, test, body = clauses[at : at + 3]
            inner = If(_span(keyword, body, otherwise), test, body, otherwise)
            otherwise = Body(inner.span, (inner,))
        return If(_span(word, then, otherwise), condition, then, otherwise)

    def else_clauses(self, children: Children) -> Children:
        return children

    def else_clause(self, children: Children) -> Body | None:
        return children[1] if children else None

    final = else_clause

    def while_statement(self, children: Children) -> nodes.Stmt:
        return nodes.While(around(children), children[1], children[2])

    def for_statement(self, children: Children) -> nodes.Stmt:
        _, variable, _, iterable, body = children
        return nodes.For(around(children), variable.value, None, iterable, body)

    def for_index_statement(self, children: Children) -> nodes.Stmt:
        _, variable, _, index, _, iterable, body = children
        return nodes.For(around(children), variable.value, index.value, iterable, body)

    def try_statement(self, children: Children) -> nodes.Stmt:
        word, body, handlers, final = children
        if not handlers and final is None:
            hint = "add `catch e` or `finally`"
            self.error("`try` without a handler", word.span, hint=hint)
        last = final or (handlers[-1] if handlers else body)
        return nodes.Try(around([word, last]), body, tuple(handlers), final)

    def handlers(self, children: Children) -> Children:
        return children

    def handler(self, children: Children) -> nodes.Handler:
        names = [child.value for child in children[1:-1]]
        variable = names[-1] if names else None
        type_name = names[0] if len(names) == 2 else None
        return nodes.Handler(around(children), type_name, variable, children[-1])

    # --- functions --------------------------------------------------------------------------------

    def function(self, children: Children) -> nodes.FunctionDecl:
        _, is_self, name, params, returns, body = children
        span = around(children)
        function = nodes.FunctionNode(span, name.value, params, returns, body)
        return _SelfFunction(span, function) if is_self else nodes.FunctionDecl(span, function)

    def receiver(self, children: Children) -> bool:
        return bool(children)

    # --- classes ----------------------------------------------------------------------------------

    def class_declaration(self, children: Children) -> nodes.Stmt:
        word, name, superclass, interfaces, _, members, _ = children
        is_module = word.value == "module"
        self._check_constructors(members, is_module)
        if superclass is None:
            self._check_bare_names(members)
        return nodes.ClassDecl(
            around(children), name.value, superclass, interfaces, members, is_module
        )

    def _check_constructors(self, members: tuple[nodes.Node, ...], is_module: bool) -> None:
        constructors = [m for m in members if isinstance(m, nodes.MethodDecl) and m.is_constructor]
        if constructors and is_module:
            message = "modules cannot have a constructor (`new`); mix them in with `include`"
            self.error(message, constructors[0].span)
        elif len(constructors) > 1:
            self.error("Class already has a constructor", constructors[1].span)

    def _check_bare_names(self, members: tuple[nodes.Node, ...]) -> None:
        """A name alone calls a static method; where there can be none, a field was meant."""
        if any(isinstance(member, nodes.Mixin) for member in members):
            return
        known = class_macros.FRAMEWORK_MACROS | class_macros.own_statics(members)
        for member in members:
            if isinstance(member, nodes.MacroCall) and isinstance(member.call, nodes.Name):
                name = member.call.name
                if name not in known:
                    hint = f"write `{name}: Type` or `{name} = value`"
                    self.error(_FIELD_MESSAGE, member.span, hint=hint)

    def superclass(self, children: Children) -> str | None:
        return children[1].value if children else None

    def interfaces(self, children: Children) -> tuple[str, ...]:
        return tuple(name.value for name in children[1::2])

    def members(self, children: Children) -> tuple[nodes.Node, ...]:
        flat: list[nodes.Node] = []
        for member in children[::2]:
            if isinstance(member, _Singleton):
                flat.extend(member.members)
            elif member is not None:
                flat.append(member)
        return tuple(flat)

    def modifiers(self, children: Children) -> Children:
        if not children:
            return []
        children[0].append(children[1])
        return children[0]  # type: ignore[no-any-return]

    def member(self, children: Children) -> nodes.Node:
        tokens, bare = children
        words = [token.value for token in tokens]
        node: nodes.Node = bare
        if isinstance(bare, nodes.FunctionDecl):
            is_static = "static" in words or isinstance(bare, _SelfFunction)
            node = _method(bare, is_static, words)
        elif isinstance(bare, nodes.FieldDecl):
            node = self._field(bare, words)
        elif isinstance(bare, nodes.MethodDecl):
            node = nodes.MethodDecl(bare.span, bare.function, False, True, _visibility(words))
        elif tokens and not isinstance(bare, nodes.ClassDecl):
            self.error(f"`{words[0]}` is not allowed before this", tokens[0].span)
        return node

    def _field(self, bare: nodes.FieldDecl, words: list[str]) -> nodes.FieldDecl:
        is_const = "const" in words
        if is_const and bare.value is None:
            self.error("const field must have an initializer", bare.span)
        return nodes.FieldDecl(
            bare.span, bare.name, bare.type, bare.value, "static" in words, is_const
        )

    def constructor(self, children: Children) -> nodes.Node:
        _, params, returns, body = children
        span = around(children)
        function = nodes.FunctionNode(span, "new", params, returns, body)
        return nodes.MethodDecl(span, function, False, True, "public")

    def field(self, children: Children) -> nodes.Node:
        name, annotation, value = children
        span = around([name, value or annotation or name])
        return nodes.FieldDecl(span, name.value, annotation, value, False, False)

    def mixin(self, children: Children) -> nodes.Node:
        names = tuple(name.value for name in children[1::2])
        return nodes.Mixin(around(children), children[0].value, names)

    def hook(self, children: Children) -> nodes.Node:
        return nodes.HookBlock(around(children), children[0].value, children[1])

    def class_methods(self, children: Children) -> nodes.Node:
        return nodes.ClassMethods(around(children), self._only_methods(children[2]))

    def singleton(self, children: Children) -> nodes.Node:
        methods = tuple(
            nodes.MethodDecl(method.span, method.function, True, False, method.visibility)
            for method in self._only_methods(children[2])
        )
        return _Singleton(around(children), methods)

    def _only_methods(self, members: tuple[nodes.Node, ...]) -> tuple[nodes.MethodDecl, ...]:
        methods: list[nodes.MethodDecl] = []
        for member in members:
            if isinstance(member, nodes.MethodDecl):
                methods.append(member)
            else:
                self.error("only methods are allowed here", member.span)
        return tuple(methods)

    def static_block(self, children: Children) -> nodes.Node:
        return nodes.StaticBlock(around(children), children[1])

    def macro(self, children: Children) -> nodes.Node:
        return nodes.MacroCall(children[0].span, children[0])

    # --- interfaces, enums ------------------------------------------------------------------------

    def interface(self, children: Children) -> nodes.Stmt:
        return nodes.InterfaceDecl(around(children), children[1].value, children[3])

    def signatures(self, children: Children) -> tuple[str, ...]:
        return tuple(children[::2])

    def signature(self, children: Children) -> str:
        return children[1].value if len(children) > 1 else ""

    def enum(self, children: Children) -> nodes.Stmt:
        variants: list[nodes.Variant] = []
        methods: list[nodes.MethodDecl] = []
        for member in children[3]:
            if isinstance(member, nodes.Variant):
                variants.append(member)
            elif isinstance(member, nodes.MethodDecl):
                methods.append(member)
        return nodes.EnumDecl(around(children), children[1].value, tuple(variants), tuple(methods))

    def enum_members(self, children: Children) -> Children:
        return children[::2]

    def enum_member(self, children: Children) -> nodes.Node:
        return self.member(children)

    def enum_error(self, children: Children) -> None:
        return None

    def variant(self, children: Children) -> nodes.Node:
        name = children[1]
        fields = children[2] if len(children) > 2 else ()
        last = fields[-1].span.end if fields else name.end
        return nodes.Variant(Span(name.start, last), name.value, fields)

    # --- files ------------------------------------------------------------------------------------

    def import_all(self, children: Children) -> nodes.Stmt:
        return nodes.Import(around(children), self._path(children[1]), None, None)

    def import_names(self, children: Children) -> nodes.Stmt:
        items = tuple(child for child in children[2:-3] if isinstance(child, tuple))
        return nodes.Import(around(children), self._path(children[-1]), items, None)

    def import_item(self, children: Children) -> tuple[str, str]:
        return children[0].value, children[-1].value

    def import_namespace(self, children: Children) -> nodes.Stmt:
        path = self._path(children[-1])
        return nodes.Import(around(children), path, None, children[3].value)

    def _path(self, token: Token) -> str:
        if isinstance(token.value, str):
            return token.value
        text = self.source.text[token.start : token.end]
        self.error(f"Unexpected token '{text}', expected string path", token.span)
        return ""

    def export(self, children: Children) -> nodes.Stmt:
        return nodes.Export(around(children), children[1])


def _span(word: Token, then: Body, otherwise: Body | None) -> Span:
    return around([word, otherwise or then])


def _visibility(words: list[str]) -> str:
    return next((word for word in reversed(words) if word in _VISIBILITIES), "public")


def _method(declaration: nodes.FunctionDecl, is_static: bool, words: list[str]) -> nodes.MethodDecl:
    return nodes.MethodDecl(
        declaration.span, declaration.function, is_static, False, _visibility(words)
    )
