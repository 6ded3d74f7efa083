import tinylibb

def handler(event, context):
    import nowhere.at_all
