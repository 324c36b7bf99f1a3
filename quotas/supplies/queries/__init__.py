"""Reads of supplies, one module for each part."""
