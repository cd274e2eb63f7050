"""Signoff's tests. They mirror the folders; scenarios/ holds one promise a file."""
