import RunRecord
import Statistics

/// An experiment's runs, and what they mix up, worked out from its choice of design.
struct ChosenDesign {
    /// One level's place for each factor.
    let runs: [[Int]]
    let description: ExperimentDesign

    /// - Throws: `CellSubject.Problem` when there is no such design for so many factors.
    init(_ spec: ExperimentSpec) throws {
        let levels = spec.factors.map(\.levels.count)
        let names = spec.factors.map(\.name)
        switch spec.design {
        case .full:
            let runs = Design.full(levels: levels)
            let summary = "all \(runs.count) combinations of \(Self.count(levels.count, "factor"))"
            self.init(runs: runs, description: ExperimentDesign(kind: .full, summary: summary))
        case .oneAtATime:
            let runs = Design.oneAtATime(levels: levels)
            let summary =
                "the base, and \(runs.count - 1) cells that differ from it in one factor; interactions stay unseen"
            self.init(runs: runs, description: ExperimentDesign(kind: .oneAtATime, summary: summary))
        case .listed(let runs):
            self.init(
                runs: runs, description: ExperimentDesign(kind: .listed, summary: "\(runs.count) cells as listed"))
        case .screening(let resolution):
            self = try Self.screening(names, resolution)
        case .plackettBurman(let folded):
            guard let design = TwoLevelDesign.plackettBurman(factors: names.count) else {
                throw Self.tooMany(names.count)
            }
            self.init(design: folded ? design.folded : design, kind: .plackettBurman, names: names, folded: folded)
        case .fractional(let generators):
            let fraction = FractionalFactorial(
                factors: names.count,
                generators: generators.map { FractionalFactorial.Generator(factor: $0.factor, product: $0.product) })
            guard let fraction else { throw CellSubject.Problem(description: "the generators make no fraction") }
            self.init(fraction.containingBase, names)
        }
    }

    private init(
        design: TwoLevelDesign, kind: ExperimentDesign.Kind, names: [String], folded: Bool = false,
        generators: [String] = []
    ) {
        let resolution = design.resolution
        let what =
            kind == .fractional
            ? "a fraction of \(design.runs.count) of all \(1 << names.count) combinations"
            : "\(design.runs.count) runs of Plackett and Burman\(folded ? " with their mirror image" : "")"
        let description = ExperimentDesign(
            kind: kind,
            summary:
                "\(what) for \(Self.count(names.count, "factor")), resolution \(Self.roman(resolution)): \(Self.meaning(resolution))",
            resolution: resolution, generators: generators, aliases: Self.aliases(design, names, resolution))
        self.init(runs: design.runs.map { $0.map { $0 > 0 ? 1 : 0 } }, description: description)
    }

    private init(_ fraction: FractionalFactorial, _ names: [String]) {
        let words = fraction.generators.map { generator in
            "\(names[generator.factor]) = \(generator.sign < 0 ? "−" : "")\(generator.product.map { names[$0] }.joined(separator: " × "))"
        }
        self.init(design: fraction.design, kind: .fractional, names: names, generators: words)
    }

    /// The design of fewest runs; of two as large the fraction, whose aliases are all or nothing.
    private static func screening(_ names: [String], _ resolution: Int) throws -> ChosenDesign {
        let fractions = FractionalFactorial.published(factors: names.count)
            .filter { ($0.resolution ?? .max) >= resolution }
        let fraction = fractions.min { $0.generators.count > $1.generators.count }.map {
            ChosenDesign($0.containingBase, names)
        }
        let plain = TwoLevelDesign.plackettBurman(factors: names.count)
        let burman = (resolution < 4 ? plain : resolution < 5 ? plain?.folded : nil).map {
            ChosenDesign(design: $0, kind: .plackettBurman, names: names, folded: resolution == 4)
        }
        let whole =
            names.count <= 6
            ? TwoLevelDesign(runs: Design.full(levels: names.map { _ in 2 }).map { $0.map { 2 * $0 - 1 } }) : nil
        let full = whole.map {
            ChosenDesign(
                runs: $0.runs.map { $0.map { $0 > 0 ? 1 : 0 } },
                description: ExperimentDesign(
                    kind: .full,
                    summary: "all \($0.runs.count) combinations of \(count(names.count, "factor")), of two levels each")
            )
        }
        let all = [full, fraction, burman].compactMap { $0 }
        guard let best = all.min(by: { $0.runs.count < $1.runs.count }) else { throw tooMany(names.count) }
        return best
    }

    private init(runs: [[Int]], description: ExperimentDesign) {
        (self.runs, self.description) = (runs, description)
    }

    private static func tooMany(_ count: Int) -> CellSubject.Problem {
        CellSubject.Problem(
            description:
                "design: there is no such design for \(count) factors; use fewer, a lower resolution, or list the cells"
        )
    }

    // MARK: Words

    /// Of main effects everything; of interactions only each other, and only where they are estimated.
    private static func aliases(
        _ design: TwoLevelDesign, _ names: [String], _ resolution: Int
    ) -> [String: [ExperimentDesign.Alias]] {
        let effects = design.mainEffects + (resolution == 4 ? design.interactions : [])
        return effects.reduce(into: [:]) { all, effect in
            let aliases = design.aliases(of: effect).map {
                ExperimentDesign.Alias(effect: name($0.effect, names), share: $0.share)
            }
            if !aliases.isEmpty { all[name(effect, names)] = aliases }
        }
    }

    static func name(_ effect: FactorialEffect, _ names: [String]) -> String {
        effect.factors.map { names[$0] }.joined(separator: " × ")
    }

    private static func roman(_ resolution: Int) -> String {
        ["III", "IV", "V or more"][min(max(resolution, 3), 5) - 3]
    }

    private static func meaning(_ resolution: Int) -> String {
        switch resolution {
        case ...3: "what looks like one factor's effect may be an interaction of two others"
        case 4: "effects of single factors are free of interactions of two, which are mixed with each other"
        default: "effects of single factors and interactions of two are told apart"
        }
    }

    private static func count(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }
}
