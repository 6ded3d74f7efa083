import a
import b
if True:
    import c
    import d
      import e
class X:
  import f
import g
