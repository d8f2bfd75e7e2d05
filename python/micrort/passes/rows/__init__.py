"""What the passes on rows share: which rows calls need, the order in which rows are made, and where they lie."""
