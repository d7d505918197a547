package json

var ReadAtMost = read
