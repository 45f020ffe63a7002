def count_gaps(bits):
    gaps = [len(part) for part in bits.strip('0').split('1') if part]
    return max(gaps) * len(gaps) if gaps else 0
