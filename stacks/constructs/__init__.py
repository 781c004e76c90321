"""What repeats in the stacks, each the safe way."""
