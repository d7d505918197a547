/*
Command shca turns findings of AWS Security Hub, Config and Audit Manager into an
assessed NIST SP 800-53 Rev. 5 baseline and writes the artifacts of an RMF / ATO
package.

# Usage

	shca assess INPUT... --out DIR   read, assess, write artifacts
	shca collect SERVICE --out FILE  pull from AWS into a snapshot; resumable
	shca convert [INPUT...] --to ocsf  findings in, OCSF events out: a filter
	shca validate FILE...|DIR        check OSCAL documents and OCSF events
	shca verify DIR|ZIP              check a package against manifest and signature
	shca explain CONTROL|CHECK|CCI   what is mapped to what, and by whom
	shca formats                     the artifacts it can write
	shca baselines                   the baselines it can assess
	shca version                     version and embedded facts
	shca completion SHELL            completion script for a shell

An INPUT is a file, a directory, an s3:// address or - for standard input. What a
file holds is told by its content: JSON in any of the wrappers that ASFF and OCSF
findings travel in, OCSF also as Parquet and CSV, answers of AWS Config and Audit
Manager, assessment reports and evidence finder exports of the latter, snapshots,
plain or packed with gzip or zstd, UTF-8 or UTF-16.

# Collecting

	shca collect securityhub   findings, and which checks are enabled
	shca collect auditmanager  assessments and their evidence
	shca collect config        conformance packs and their rules' evaluations
	shca assess --from SERVICE,...
	                           collects first; --snapshots DIR keeps what it pulls

The credentials, Region, endpoints and certificates are those of the AWS SDK: its
environment variables, profiles and roles. --regions and --accounts, with a
--role-arn that has {account} in it, say where; each account and Region is pulled
at the rate that AWS allows. What is pulled lies in .NAME.partial beside FILE until
the snapshot is whole. An interrupted or killed run is gone on with by the same command, within
a day.

A DIR or FILE of s3://bucket/prefix/ goes to S3, encrypted as --sse and --kms-key-id
say; each object appears whole, the manifest last.

# Output

Artifacts go to files in DIR, which appear whole or not at all and are readable
by their owner only. Two of the OSCAL documents, which people edit, are carried
on if they are in DIR: the system security plan and the plan of action and
milestones. The events of convert and the answers of validate, verify, explain, formats,
baselines and version go to standard output, everything else to standard error.

# Packages

manifest.json lists every other artifact with its size and SHA-256.

	--package FILE  packs the artifacts into a zip archive outside DIR, which
	                appears after them
	--sign FILE     signs the manifest with an ed25519 or ECDSA key in PEM:
	                manifest.intoto.jsonl, a DSSE envelope
	shca verify     checks a directory or an archive, with --key the signature

# Redaction

--redact replaces account ids, ARNs and names in every artifact by pseudonyms. It
makes them with the user's own key, shca/redact.key in the user's configuration
directory. The first such run makes that file, for its owner alone to read, and the
directory; --redact=FILE uses the key in FILE, and makes it if there is no such
file. Whoever has the key can undo the pseudonyms.

# Exit codes

	0    done
	1    failed, the directory is as it was (--package failing leaves it written);
	     or validate found errors, or verify did
	2    the command line is wrong
	3    the pass rate is below --fail-under
	4    not everything could be read; what could be is written, and artifacts
	     and snapshot say so
	130  interrupted; no artifact was written, and the output of convert ends
	     early; collect goes on from there when it is run again

Where both 3 and 4 apply it is 4: a rate over an incomplete reading decides
nothing.

# Environment

	SOURCE_DATE_EPOCH  time of the assessment in seconds, unless --now is given
	HOME               the user's own key of --redact is in the configuration
	XDG_CONFIG_HOME    directory: $XDG_CONFIG_HOME, else $HOME/.config; on macOS
	                   $HOME/Library/Application Support, on Windows %AppData%
	AWS_…              as the AWS SDK takes them: AWS_PROFILE, AWS_REGION,
	                   AWS_ENDPOINT_URL, AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS and others
	XDG_CACHE_HOME     what is pulled before it goes to s3://, unless --work is given
	TMPDIR             folder for a temporary file, as large as the unpacked
	                   input, that inputs of more than 32 MB need

# Limits

A finding of more than 4 MiB, or nested deeper than 256 levels, is not read; it
is reported and counted like any other that cannot be read. shca opens no
network connection unless collect, --from or an s3:// address asks for it.
*/
package main
