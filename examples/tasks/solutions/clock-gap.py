def clock_gap(start, end):
    def minutes(text):
        hours, rest = text.split(':')
        return int(hours) * 60 + int(rest)
    gap = (minutes(end) - minutes(start)) % 1440
    if gap < 60:
        return f'{gap:02d}m'
    return f'{gap // 60}h{gap % 60:02d}m'
