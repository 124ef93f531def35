import SpecReader
import Workload

/// Reads one factor of an experiment.
struct FactorReader {
    let map: SpecMap
    let find: FileFinder

    func read() -> ExperimentSpec.Factor {
        defer { map.close() }
        let isKnown = map.string("of", required: true, kind: "what is varied") != nil
        let kind = isKnown ? map.choice("of", default: FactorKind.overlay) : .overlay
        guard map.isSound("of") else {
            // Nothing can be said of the rest.
            for key in ["name", "levels", "setting", "suggestion"] { _ = map.has(key) }
            return ExperimentSpec.Factor(name: "", kind: .overlay, levels: [])
        }
        if kind == .suggestion { return suggestion() }
        let setting = kind == .setting ? map.text("setting") : nil
        let name = map.has("name") ? map.name("name") : setting ?? kind.rawValue
        let texts = map.texts("levels")
        let levels = texts.compactMap { text, place in
            level(text, place, kind, setting).map { ExperimentSpec.Level(text: text, change: $0) }
        }
        if texts.count < 2 && map.isSound("levels") {
            map.note("levels", "has \(texts.count)", remedy: "write two or more, the base's first, such as [7, 8]")
        }
        for (index, text) in texts.enumerated() where texts[..<index].contains(where: { $0.text == text.text }) {
            map.note("levels", at: text.place, "'\(text.text)' is given twice", remedy: "keep one of them")
        }
        return ExperimentSpec.Factor(name: name, kind: kind, levels: levels)
    }

    /// Off and on.
    private func suggestion() -> ExperimentSpec.Factor {
        let suggestion = map.text("suggestion")
        if map.isSound("suggestion"), find(suggestion, .variants) == nil {
            map.note("suggestion", "there is no '\(suggestion)'", remedy: LevelText.whereToLook(.variants))
        }
        if map.has("levels") {
            map.note("levels", "a suggestion is off or on", remedy: "leave it out")
        }
        return ExperimentSpec.Factor(
            name: map.has("name") ? map.name("name") : suggestion, kind: .suggestion,
            levels: [
                ExperimentSpec.Level(text: "off", change: .nothing),
                ExperimentSpec.Level(text: "on", change: .suggestion(suggestion)),
            ])
    }

    private func level(
        _ text: String, _ place: SpecPlace, _ kind: FactorKind, _ setting: String?
    ) -> LevelChange? {
        if text == "none" && kind.knowsNone { return kind == .retention ? .retention([]) : .nothing }
        if let folder = kind.folder, find(text, folder) == nil {
            map.note("levels", at: place, "there is no '\(text)'", remedy: LevelText.whereToLook(folder))
            return nil
        }
        switch LevelText.change(text, kind, setting, map.document.file, place) {
        case .success(let change): return change
        case .failure(let error):
            map.note("levels", at: place, error.what, remedy: error.remedy)
            return nil
        }
    }
}

/// Turns the text of a level into what it changes.
enum LevelText {
    static func change(
        _ text: String, _ kind: FactorKind, _ setting: String?, _ file: String, _ place: SpecPlace
    ) -> Result<LevelChange, QuantityError> {
        switch kind {
        case .workload: .success(.workload(text))
        case .overlay: .success(.overlay(text))
        case .profile: .success(.profile(text))
        case .variant: .success(.variant(text))
        case .suggestion: .success(.suggestion(text))
        case .setting:
            .success(
                .setting(
                    ChosenSetting(
                        name: setting ?? "", value: text, file: file, line: place.line, column: place.column)))
        case .schema: whole(text, in: 7...8).map { .schema($0) }
        case .partitions: whole(text, in: HistorySpec.partitionRange).map { .partitions($0) }
        case .history: history(text).map { .history($0) }
        case .retention: retention(text).map { .retention($0) }
        case .rate: factor(text).map { .rate($0) }
        }
    }

    /// `200000`, `200_000`, `200k`, `2M`, or a size such as `25GB`.
    static func history(_ text: String) -> Result<HistorySize, QuantityError> {
        if text.hasSuffix("B") { return QuantityParser.bytes(text).map { .bytes($0) } }
        let factors: [Character: Double] = ["k": 1e3, "M": 1e6, "G": 1e9]
        let plain = text.filter { $0 != "_" }
        let rows =
            Double(plain)
            ?? plain.last.flatMap { last in
                factors[last].flatMap { factor in Double(plain.dropLast()).map { $0 * factor } }
            }
        guard let rows, rows >= 0, rows <= Double(HistorySpec.rowRange.upperBound) else {
            return .failure(
                QuantityError("'\(text)' is not a history", "write rows such as 200k or 2M, or a size such as 25GB"))
        }
        return .success(.rows(Int(rows)))
    }

    static func retention(_ text: String) -> Result<[RetentionPolicy], QuantityError> {
        RetentionPolicy.parse(text).mapError { QuantityError($0.what, $0.remedy) }
    }

    static func whereToLook(_ folder: ShippedFolder) -> String {
        "name a file, or one of Workloads/\(folder.rawValue)/ without .yaml"
    }

    private static func whole(_ text: String, in range: ClosedRange<Int>) -> Result<Int, QuantityError> {
        guard let value = Int(text.filter { $0 != "_" }), range.contains(value) else {
            return .failure(
                QuantityError(
                    "'\(text)' is none of the values there are", "use \(range.lowerBound) to \(range.upperBound)"))
        }
        return .success(value)
    }

    private static func factor(_ text: String) -> Result<Double, QuantityError> {
        guard let value = Double(text), value >= 0.001, value <= 100_000 else {
            return .failure(
                QuantityError("'\(text)' is not a factor on rates", "write 0.001 to 100000, such as 2"))
        }
        return .success(value)
    }
}
