package configrules

import "github.com/go-json-experiment/json"

func unmarshal(text string, into any) error { return json.Unmarshal([]byte(text), into) }
