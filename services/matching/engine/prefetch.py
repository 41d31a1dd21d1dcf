"""How is memory asked for before it is needed? The processor's own hint: it changes nothing but the time."""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

_NAME = "llvm.prefetch.p0"
_TO_READ, _KEEP, _OF_DATA = 0, 3, 1
"""Read or write, how long it is to stay in the caches, instructions or data."""


def _ask_for(_: Any, array: Any, place: Any) -> Any:
    """Ask for the cache line in which `array[place]` lies; any place will do, even one behind the end."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        line = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        flags = [ir.Constant(ir.IntType(32), flag) for flag in (_TO_READ, _KEEP, _OF_DATA)]
        hint = ir.FunctionType(ir.VoidType(), [line.type, *(flag.type for flag in flags)])
        known = builder.module.globals.get(_NAME)
        builder.call(known or ir.Function(builder.module, hint, _NAME), [line, *flags])
        return context.get_dummy_value()

    return types.void(array, place), generate


prefetch: Any = intrinsic(_ask_for)
