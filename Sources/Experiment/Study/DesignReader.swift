import SpecReader
import Statistics

/// Reads how an experiment's cells are chosen.
struct DesignReader {
    private enum Word: String, CaseIterable {
        case full
        case oneAtATime = "one-at-a-time"
        case listed
        case screening
        case plackettBurman = "plackett-burman"
        case fractional
    }

    let top: SpecMap
    let factors: [ExperimentSpec.Factor]
    /// Whether names and levels of the factors were understood, so that what refers to them can be checked.
    let isSound: Bool

    func read() -> ExperimentSpec.DesignChoice {
        guard top.has("design") else { return .full }
        if top.isScalar("design") {
            return choice(top.choice("design", default: Word.full), nil, at: top.place(of: "design"))
        }
        guard let map = top.map("design") else { return .full }
        defer { map.close() }
        if !map.has("kind") { _ = map.string("kind", required: true, kind: "a design") }
        return choice(map.choice("kind", default: Word.full), map, at: map.place)
    }

    private func choice(_ word: Word, _ map: SpecMap?, at place: SpecPlace) -> ExperimentSpec.DesignChoice {
        switch word {
        case .full: return .full
        case .oneAtATime: return .oneAtATime
        case .listed: return listed(map, at: place)
        case .screening:
            checkTwoLevels(word, at: place)
            return .screening(resolution: map?.integer("resolution", in: 3...5, default: 3) ?? 3)
        case .plackettBurman:
            checkTwoLevels(word, at: place)
            return .plackettBurman(folded: map?.flag("folded", default: false) ?? false)
        case .fractional:
            checkTwoLevels(word, at: place)
            return fractional(map, at: place)
        }
    }

    private func checkTwoLevels(_ word: Word, at place: SpecPlace) {
        for factor in factors where isSound && factor.levels.count > 2 {
            top.note(
                "design", at: place, "\(word.rawValue) has two levels, '\(factor.name)' has \(factor.levels.count)",
                remedy: "give it two, or choose full, one-at-a-time or listed")
        }
    }

    // MARK: Listed

    private func listed(_ map: SpecMap?, at place: SpecPlace) -> ExperimentSpec.DesignChoice {
        guard let map else {
            top.note("design", at: place, "nothing is listed", remedy: "write design: {kind: listed, cells: [...]}")
            return .full
        }
        var runs: [[Int]] = []
        let cells = map.maps("cells", required: true)
        for cell in cells {
            guard let run = run(of: cell) else { continue }
            if runs.contains(run) {
                map.note("cells", at: cell.place, "is the same as a cell before", remedy: "keep one of them")
            }
            runs.append(run)
        }
        if cells.count == 1 { map.note("cells", "there is one", remedy: "list two or more") }
        return .listed(runs)
    }

    /// What a cell does not name is at its first level.
    ///
    /// - Returns: `nil` when it cannot be told.
    private func run(of cell: SpecMap) -> [Int]? {
        guard isSound else { return nil }
        defer { cell.close() }
        let levels = factors.map { factor -> Int? in
            guard let text = cell.string(factor.name) else { return 0 }
            if let level = factor.levels.firstIndex(where: { $0.text == text }) { return level }
            cell.note(
                factor.name, "'\(text)' is none of its levels",
                remedy: "choose one of \(factor.levels.map(\.text).joined(separator: ", "))")
            return nil
        }
        return levels.contains(nil) ? nil : levels.compactMap { $0 }
    }

    // MARK: Fractional

    private func fractional(_ map: SpecMap?, at place: SpecPlace) -> ExperimentSpec.DesignChoice {
        let texts = map?.texts("generators") ?? []
        guard let map, !texts.isEmpty else {
            top.note(
                "design", at: place, "has no generators",
                remedy: "write design: {kind: fractional, generators: ['d = a * b']}, or kind: screening")
            return .full
        }
        guard isSound else { return .full }
        let generators = texts.compactMap { generator($0.text, map, $0.place) }
        let isPossible =
            FractionalFactorial(
                factors: max(1, factors.count),
                generators: generators.map { FractionalFactorial.Generator(factor: $0.factor, product: $0.product) })
            != nil
        if map.isSound("generators"), !isPossible {
            map.note(
                "generators", "make no fraction",
                remedy: "make each factor once, out of two or more different ones that are not made themselves")
        }
        return .fractional(generators)
    }

    /// `d = a * b`
    private func generator(
        _ text: String, _ map: SpecMap, _ place: SpecPlace
    ) -> ExperimentSpec.GeneratorChoice? {
        let sides = text.split(separator: "=", omittingEmptySubsequences: false)
        let names = sides.flatMap { $0.split(separator: "*", omittingEmptySubsequences: false) }.map(Self.trimmed)
        guard sides.count == 2, !sides[0].contains("*") else {
            map.note("generators", at: place, "'\(text)' is not understood", remedy: "write 'd = a * b'")
            return nil
        }
        var places: [Int] = []
        for name in names {
            guard let found = factors.firstIndex(where: { $0.name == name }) else {
                map.note(
                    "generators", at: place, "there is no factor '\(name)'",
                    remedy: "choose of \(factors.map(\.name).joined(separator: ", "))")
                return nil
            }
            places.append(found)
        }
        return ExperimentSpec.GeneratorChoice(factor: places[0], product: Array(places.dropFirst()))
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
