"""What this installation chose: settings from the environment, and the YAML files that it starts from."""
