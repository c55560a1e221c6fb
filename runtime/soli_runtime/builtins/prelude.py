"""What the runtime itself defines in Soli: methods that need to know the class they are called on.

A native static function is not told its receiver, and a static method of Soli cannot name it. So
these are written as methods of objects, and become static methods: `this` is the class.
"""

from __future__ import annotations

from soli_lang.base.source import OF_HOST, Source
from soli_lang.interpreter import Interpreter
from soli_lang.machine.machine import Machine
from soli_lang.native.native import Any_, Array, function, native_class
from soli_lang.values.objects import SoliClass
from soli_lang.values.values import Value

TEXT = """
class JobMethods
  def perform_later(args = null, options = null)
    __job(this, "later", [args, options])
  end
  def perform_in(delay, args = null, options = null)
    __job(this, "in", [delay, args, options])
  end
  def perform_at(moment, args = null, options = null)
    __job(this, "at", [moment, args, options])
  end
  def perform_now(args = null)
    __job(this, "now", [args])
  end
  def schedule_cron(name, line, args = null)
    __job(this, "cron", [name, line, args])
  end
end

class ControllerMethods
  def before_action(a, b = null, c = null, d = null, e = null, f = null, g = null)
    __hook(this, "before_action", [a, b, c, d, e, f, g])
  end
  def after_action(a, b = null, c = null, d = null, e = null, f = null, g = null)
    __hook(this, "after_action", [a, b, c, d, e, f, g])
  end
end
"""


@function("__hook", Any_, Any_, Array)
def hook(klass: Value, name: str, arguments: list[Value]) -> None:
    """`this.before_action(:show, :edit) = fn`: actions first, the function last."""
    given = [argument for argument in arguments if argument is not None]
    known = klass.statics.setdefault(f"_{name}s", [])
    known.append([given[:-1], given[-1]])


def install_prelude(interpreter: Interpreter) -> None:
    """Give the classes `Job` and `Controller` their methods."""
    machine = interpreter.machine
    program = interpreter.load(Source(OF_HOST, TEXT))
    for methods, name in (("JobMethods", "Job"), ("ControllerMethods", "Controller")):
        found = program.get(methods)
        assert isinstance(found, SoliClass)
        _add(machine, name, found)


def _add(machine: Machine, name: str, methods: SoliClass) -> None:
    target = native_class(machine, name)
    for method_name, method in methods.methods.items():
        target.statics.setdefault(method_name, method)


__all__ = ["TEXT", "hook", "install_prelude"]
