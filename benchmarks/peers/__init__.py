"""What `remit` is measured against: each as a good engineer would write it, on its defaults."""
