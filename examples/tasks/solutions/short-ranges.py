def short_ranges(numbers):
    runs = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = []
    for run in runs:
        parts += [f'{run[0]}-{run[-1]}'] if len(run) > 2 else [str(number) for number in run]
    return ','.join(parts)
