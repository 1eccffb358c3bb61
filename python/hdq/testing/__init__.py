"""Strategies and properties for tests of kernels, with hypothesis and pytest."""
