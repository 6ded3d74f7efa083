import \
    a
from b \
    import c as \
    d, e
from . import f \
    ; import g
from .\
.h import i
if True and \
   True:
    import j
    x = 'a\
b'; import k
from \
    l . m \
    import n
import o . p . q as r
from . . . import s
from ...t import u
from .import v
from . .w import y
x = 1 \
    + 2; import z
