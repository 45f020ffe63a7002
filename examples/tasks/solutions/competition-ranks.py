def competition_ranks(scores):
    return [1 + sum(1 for other in scores if other > score) for score in scores]
