"""One table of cases per topic; `ALL` is every table here, found by listing the folder."""

import importlib
import pkgutil

ALL = [
    case
    for module in pkgutil.iter_modules(__path__)
    for case in importlib.import_module(f"{__name__}.{module.name}").CASES
]
