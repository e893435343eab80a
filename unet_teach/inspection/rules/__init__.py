"""What each operation of torch does to the dimensions of a tensor."""
