package markdown

var Escape = escape
