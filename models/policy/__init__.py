"""Policy as code: rules as data, what they find in a post, and the examples that prove them."""
