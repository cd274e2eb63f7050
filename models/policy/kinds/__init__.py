"""The rule kinds, one file each. A new file here is a new kind: nothing else needs to know of it."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__, prefix=f"{__name__}."):
    import_module(_module.name)
