a = "import no1"; import a1
b = 'it\'s'; import a2
c = """ " ' \""" ' """; import a3
d = r'\'; import no2'; import a4
e = r"\\"; import a5
f = (b'x' rb"\"" Rb'y' BR'z', u'w' U"v"); import a6
g = '''
import no3
''' '''\''' '''; import a7
h = "a\
import no4"; import a8
i = """\
import no5
\"""
import no6
"""; import a9
j = ""; k = ''; l = """"""; m = ''''''; import a10
n = """a""""b"; import a11
o = "#"; import a12 # import no7
p = 0x1f+1e5+1_000j+0b1; import a13
q = (1,
# import no8
    2); import a14
r = [x for x in (1, 2)
     if x]; import a15
s = 1if 2else 3; import a16
é = 1; import ünï
from é import (ü as ö)
