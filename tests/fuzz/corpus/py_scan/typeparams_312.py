type X = int; import a
type Y[T: int, *Ts, **P] = dict[T, int]
type = 3
type.x if False else 0
def f[T: (int, str)](x: T) -> T: import b
class C[T]:
    import c
    def m[U: {1: 2}[1]](self): import d
print(type); import e
