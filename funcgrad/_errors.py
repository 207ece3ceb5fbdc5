"""Exception classes. Each is the built-in that Python expects and the RuntimeError that torch raises there.

Code ported from torch catches ``RuntimeError``; code that thinks in Python catches ``ValueError`` or ``TypeError``.
Both work, and ``FuncgradError`` catches all of them.
"""

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CheckpointError",
    "ConvergenceError",
    "ConversionError",
    "DimError",
    "DtypeError",
    "EmptyError",
    "FuncgradError",
    "IndexRangeError",
    "LinAlgError",
    "MissingModuleError",
    "NonFiniteError",
    "ProcessError",
    "ShapeError",
    "TracedValueError",
]


class FuncgradError(Exception):
    """Base of every error that funcgrad raises for user input."""


class ArgumentError(FuncgradError, ValueError, RuntimeError):
    """An option has a value that is not allowed, or options contradict each other."""


class ArgumentTypeError(FuncgradError, TypeError):
    """An argument has the wrong type, is missing, or is not known."""


class ShapeError(FuncgradError, ValueError, RuntimeError):
    """Shapes do not fit the operation or each other."""


class EmptyError(ShapeError, IndexError):
    """Nothing to choose from: a maximum, or another word without a value for nothing, of an empty array."""


class DimError(FuncgradError, IndexError):
    """A dimension is out of range, or named twice."""


class IndexRangeError(FuncgradError, IndexError, RuntimeError):
    """An index into an array is out of range."""


class DtypeError(FuncgradError, TypeError, RuntimeError):
    """A dtype does not fit the operation, is not known, or needs 64-bit mode."""


class ConversionError(FuncgradError, OverflowError, ValueError, RuntimeError):
    """A value cannot be converted without loss."""


class ConvergenceError(FuncgradError, RuntimeError):
    """An iteration did not reach what it was to find."""


class LinAlgError(FuncgradError, ValueError, RuntimeError):
    """A matrix is singular, or not positive definite, or an iteration did not converge."""


class MissingModuleError(FuncgradError, ImportError):
    """An optional library is not installed."""


class NonFiniteError(FuncgradError, FloatingPointError, RuntimeError):
    """A number became NaN or infinite where that was asked to be an error."""


class ProcessError(FuncgradError, RuntimeError):
    """A process of the run is gone, or did not come."""


class TracedValueError(FuncgradError, TypeError):
    """A value is needed while a function is being traced, and so not known yet."""


class CheckpointError(FuncgradError, OSError, ValueError, RuntimeError):
    """A checkpoint is not there, torn, corrupt, not one at all, or could not be written."""
