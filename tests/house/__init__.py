"""House rules that no ready-made checker knows."""
