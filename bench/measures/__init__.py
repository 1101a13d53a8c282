"""What each scenario measures of itself, on sample data and on generated data."""
