"""What trials add up to: pure statistics from pairs of trials to a decision."""




