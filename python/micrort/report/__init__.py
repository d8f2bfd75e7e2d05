"""What a package costs, to look at: where tensors lie over time, bytes in RAM and flash, cost by operator."""
