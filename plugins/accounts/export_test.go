package main

// Plugin is what main serves.
var Plugin = plugin()
