package main

import "github.com/go-shca/shca/internal/command"

func main() { command.Main() }
