extension WrongSpecs {
    // The file as a whole and its top level.
    static let frame: [WrongSpec] = [
        WrongSpec("archivebench: workload/1\n", "", "1:1: 'archivebench' is missing; give it a text"),
        WrongSpec(
            "archivebench: workload/1", "archivebench: overlay/1",
            "1:15: archivebench: 'overlay/1' is not a workload; write 'archivebench: workload/1'"),
        WrongSpec("name: base", "nmae: base", "2:1: unknown key 'nmae'; did you mean 'name'?"),
        WrongSpec(
            "name: base", "name: [base]",
            "2:7: name: expected one value; write it after 'name: ', without brackets or lines below"),
        WrongSpec(
            "name: base", "name:",
            "2:6: name: has no value; write one after 'name: ', or leave the line out if it may be missing"),
        WrongSpec("name: base", "name: \"\"", "2:7: name: is empty; write some words"),
        WrongSpec(
            "name: base", "name: \"a\\nb\"",
            "2:7: name: 'a\\nb' cannot be a name; write one line of at most 100 characters, without '/' and without spaces at its ends"
        ),
        WrongSpec(
            "name: base", "name: a/b",
            "2:7: name: 'a/b' cannot be a name; write one line of at most 100 characters, without '/' and without spaces at its ends"
        ),
        WrongSpec(
            "summary: every feature of the language in one file\n", "",
            "1:1: 'summary' is missing; give it a text"),
        WrongSpec(
            "archive-epoch: 2026-01-05T18:00:00Z\n", "",
            "1:1: 'archive-epoch' is missing; give it a time such as 2026-01-05T18:00:00Z"),
        WrongSpec(
            "2026-01-05T18:00:00Z", "2026-01-05 18:00",
            "4:16: archive-epoch: '2026-01-05 18:00' is not a time; write it as 2026-01-05T18:00:00Z (UTC)"),
        WrongSpec(
            "2026-01-05T18:00:00Z", "2026-01-05T18:30:00Z",
            "4:16: archive-epoch: is not on a full hour; partitions are hourly; use a time like 18:00:00Z"),
        WrongSpec(
            "2026-01-05T18:00:00Z", "1970-01-01T00:30:00Z",
            "4:16: archive-epoch: is before 2000; use a later time; partitions are named by seconds"),
        WrongSpec(
            "2026-01-05T18:00:00Z", "2300-01-01T00:00:00Z",
            "4:16: archive-epoch: 2300-01-01T00:00:00Z is out of range; use 1970-01-01T00:00:00Z to 2200-01-01T00:00:00Z"
        ),
        WrongSpec("time-scale: 1\n", "time-scale: 0\n", "87:13: time-scale: 0 is out of range; use 1 to 86400"),
        WrongSpec(
            "time-scale: 1\n", "time-scale: 1.5\n",
            "87:13: time-scale: '1.5' is not a whole number; write digits, such as 1"),
        WrongSpec(
            "time-scale: 1\nphases: {warm-up: 15s, measure: 60s",
            "time-scale: 86400\nphases: {warm-up: 15s, measure: 7d",
            "87:13: time-scale: 86400 takes the archive beyond the year 2250; use a smaller factor or shorter phases"),
        WrongSpec(
            "time-scale: 1\n", "time-scale: 99999999999999999999\n",
            "87:13: time-scale: 99999999999999999999 is out of range; use 1 to 86400"),
        WrongSpec("history:\n", "histroy:\n", "84:1: unknown key 'histroy'; did you mean 'history'?"),
        WrongSpec(
            "writers: {", "writers: 2 #{",
            "45:10: writers: expected a mapping; write 'key: value' lines below it"),
        WrongSpec("summary:", "name: again\nsummary:", "2:1: key given twice: name; keep one of them"),
        WrongSpec(
            "", "- archivebench: workload/1\n",
            "1:1: is not a mapping; start with lines such as 'name: my-workload'"),
        WrongSpec("", "", "1:1: is empty; start with lines such as 'name: my-workload'"),
        WrongSpec("", "\n# nothing\n", "1:1: is empty; start with lines such as 'name: my-workload'"),
        WrongSpec(
            "", "archivebench: workload/1\nname: [a\nsummary: b\n",
            "3:8: is not YAML: did not find expected ',' or ']'; mend the YAML; lists start with '- ', keys end with ': '"
        ),
        WrongSpec(
            "  - {name: lone", "\t- {name: lone",
            "6:1: is not YAML: found character that cannot start any token; indent with spaces, never with tabs"),
        WrongSpec(
            "name: base", "name: ba\u{7}se",
            "2:9: is not YAML: there is a control character (code 7); take it out"),
    ]

    // Populations of topics.
    static let topics: [WrongSpec] = [
        WrongSpec(
            "kind: status", "kind: statsu",
            "6:24: topics[0].kind: 'statsu' is not known; choose one of status, named, communities, pairs"),
        WrongSpec(
            "kind: communities", "kind: community",
            "8:25: topics[2].kind: 'community' is not known; choose one of status, named, communities, pairs"),
        WrongSpec(
            "kind: pairs", "kind: [pairs]",
            "7:25: topics[1].kind: expected one value; write it after 'kind: ', without brackets or lines below"),
        WrongSpec("name: lone, ", "", "6:5: 'topics[0].name' is missing; give it a text"),
        WrongSpec(
            "name: lone", "name: lo.ne",
            "6:12: topics[0].name: 'lo.ne' has a dot; leave it out: parts of a population stand behind a dot"),
        WrongSpec(
            "shard: 16/32, ", "",
            "6:5: no shard is given; write 'shard: 16/32', or 'auto-sharding: {cluster: 1, shards: 8}'"),
        WrongSpec("shard: 16/32", "shrad: 16/32", "6:32: unknown key 'topics[0].shrad'; did you mean 'shard'?"),
        WrongSpec(
            "shard: 16/32", "shard: 16-32",
            "6:39: topics[0].shard: '16-32' is not a shard; write cluster/index such as 16/32, or 16/128..227"),
        WrongSpec(
            "shard: 16/32", "shard: 16/2000",
            "6:39: topics[0].shard: '16/2000' is out of range; use clusters from 0 to 65535 and shards from 0 to 1023"),
        WrongSpec(
            "16/128..131", "16/131..128",
            "8:45: topics[2].shard: '16/131..128' runs backwards; write the smaller shard first"),
        WrongSpec(
            "shard: 16/32", "shard: [16, 32]",
            "6:39: topics[0].shard: expected one value; write it after 'shard: ', without brackets or lines below"),
        WrongSpec(
            "    auto-sharding:", "    shard: 1/3\n    auto-sharding:",
            "12:20: topics[3].auto-sharding: is given beside 'shard'; write 'shard: 16/32', or 'auto-sharding: {cluster: 1, shards: 8}'"
        ),
        WrongSpec(
            "auto-sharding: {cluster: 1, shards: 8}", "auto-sharding: 1/8",
            "11:20: topics[3].auto-sharding: expected a mapping; write 'key: value' lines below it"),
        WrongSpec(
            "shards: 8", "shards: 2000",
            "11:41: topics[3].auto-sharding.shards: 2000 is out of range; use 1 to 1024"),
        WrongSpec(
            "cluster: 1, ", "",
            "11:20: 'topics[3].auto-sharding.cluster' is missing; give it a whole number"),
        WrongSpec(
            "users: 100", "count: 100",
            "7:46: unknown key 'topics[1].count'; 'users' is missing; known here: kind, contacts, users, name, shard, auto-sharding, protected, zipf"
        ),
        WrongSpec(
            "users: 100, contacts: 3", "users: 1000000, contacts: 10000",
            "7:53: topics[1].users: 1000000 make 5000000000 topics; use at most 5000000 topics"),
        WrongSpec(
            "count: 40", "count: many",
            "6:53: topics[0].count: 'many' is not a whole number; write digits, such as 1"),
        WrongSpec("count: 40", "count: -40", "6:53: topics[0].count: -40 is out of range; use 1 to 1000000"),
        WrongSpec("zipf: 1.0", "zipf: -1", "6:63: topics[0].zipf: -1 is out of range; use 0 to 3"),
        WrongSpec(
            "zipf: 1.0", "zipf: nan",
            "6:63: topics[0].zipf: 'nan' is not a number; write a number, such as 0"),
        WrongSpec(
            "protected: true", "protected: maybe",
            "8:111: topics[2].protected: 'maybe' is neither yes nor no; write true or false"),
        WrongSpec(
            "    count: 400\n", "    count: 400\n  - {name: lone, shard: 16/1, count: 2}\n",
            "14:12: topics[4].name: two entries are named 'lone'; give each its own name"),
        WrongSpec(
            "shard: 16/32, count: 40", "shard: 16/130, count: 40",
            "6:12: topics[0].name: 'lone' is not protected, 'towns' on its shard is; protection is a shard's: say the same for all its topics"
        ),
        WrongSpec(
            "  - {name: lone, kind: status, shard: 16/32, count: 40, zipf: 1.0}", "  - lone",
            "6:5: topics[0]: expected a mapping; write '- key: value'"),
    ]
}
