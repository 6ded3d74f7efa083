match = {}; case = 2
match["a"]: int = 1
match[case:case]
match(case)
print(match, case); import a0
match (case):
    case 1: import a1
    case {"x": [y, *z]} if y: import a2
    case _:
        import a3
        match = case
match x, y:
    case (1, 2):
        import a4
match -case:
    case _ if (lambda: 1)():
        import a5
match ...:
    case _: import a11
match .5:
    case _: import a12
match not case:
    case _: import a6
match [1, 2]:
    case [a, b]:
        match {1: 2}:
            case _:
                import a7
        import a8
case = match; import a9
match * case
match - case; import a10
match in case
match if case else match
case: int = 3
