package finding

import (
	"testing"

	"github.com/go-json-experiment/json"
)

func TestAlias(t *testing.T) {
	for text, want := range map[string]Alias{
		`{"AwsIamUser":{"Path":"/","UserId":"AIDAEXAMPLE","UserName":"ada"}}`:             "AIDAEXAMPLE",
		`{"Other":{"UserId":"x"},"AwsRdsDbInstance":{"DbiResourceId":"db-ABC","Port":1}}`: "db-ABC",
		`"{\"AwsKmsKey\":{\"KeyId\":\"k\"}}"`:                                             "k",
		`"{\"AwsKmsKey\":{\"KeyId\":"`:                                                    "",
		`"AwsKmsKey"`:                                                                     "",
		`{"AwsIamUser":{"UserId":7}}`:                                                     "",
		`{"AwsIamUser":"AIDAEXAMPLE"}`:                                                    "",
		`{"AwsS3Bucket":{"OwnerId":"abc"}}`:                                               "",
		`null`:                                                                            "",
		`[{"AwsIamUser":{"UserId":"x"}}]`:                                                 "",
	} {
		var got Alias
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
	var got Alias
	if err := json.Unmarshal([]byte(`{"AwsIamUser":{"UserId":"x"`), &got); err == nil {
		t.Error("broken JSON is no error")
	}
}
