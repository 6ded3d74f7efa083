if True:
	import t1
	if True:
		import t2
	import t3
else:
        import t4
import t5
