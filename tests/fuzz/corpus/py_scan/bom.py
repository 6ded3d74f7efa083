# a byte order mark
import a
from b import c