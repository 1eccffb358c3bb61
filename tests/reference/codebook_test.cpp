// Codebooks that others made: cells, ties, the symmetric rule; and Lloyd-Max as a codebook against its own rule.
#include "hdq/reference/scheme/codebook.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hdq/reference/laws/coordinate_law.hpp"
#include "hdq/reference/numbers/real.hpp"

namespace hdq::reference {
namespace {

using ::testing::ElementsAre;

Rational q(const char* text) { return Rational(text); }

TEST(Codebook, CellsOfTheNearestCodeword) {
  const Codebook book{{3, -1, 0, 0}, {}};
  const CodebookCells cells = cells_of(book);
  EXPECT_THAT(cells.codes, ElementsAre(1, 2, 0));
  EXPECT_THAT(cells.bounds, ElementsAre(q("-1/2"), q("3/2")));
}

TEST(Codebook, CellsByThresholds) {
  const Codebook book{{-2, 5, 0, 1}, {-1, -1, q("1/3")}};
  const CodebookCells cells = cells_of(book);
  EXPECT_THAT(cells.codes, ElementsAre(0, 2, 3));
  EXPECT_THAT(cells.bounds, ElementsAre(-1, q("1/3")));
}

// z = ±1/√2·√8 = ±2 exactly at the threshold 1 of a table in units of 2: ties are seen, by either rule.
TEST(Codebook, TiesAreDecidedExactly) {
  Codebook book{{-2, 0, 2}, {}};
  book.unit = CodebookUnit::parse("1/4");
  const Rational scale_squared = book.unit.scale_squared(64);
  EXPECT_EQ(scale_squared, 4);
  for (const auto tie : {Codebook::Tie::up, Codebook::Tie::down}) {
    book.tie = tie;
    const CodebookCells cells = cells_of(book);
    const bool up = tie == Codebook::Tie::up;
    EXPECT_EQ(cells.encode(4, false, scale_squared), up ? 2u : 1u);
    EXPECT_EQ(cells.encode(4, true, scale_squared), up ? 1u : 0u);
    EXPECT_EQ(cells.encode(q("401/100"), false, scale_squared), 2u);
    EXPECT_EQ(cells.encode(q("401/100"), true, scale_squared), 0u);
    EXPECT_EQ(cells.encode(0, true, scale_squared), 1u);
  }
}

TEST(Codebook, NamesTheEntryAtFault) {
  const auto message = [](const Codebook& book) -> std::string {
    try {
      book.check();
    } catch (const std::invalid_argument& bad) {
      return bad.what();
    }
    return "";
  };
  EXPECT_EQ(message({{0, 1, 2}, {1, 2}}), "");
  EXPECT_EQ(message({{0}, {}}), "a codebook has at least 2 codewords");
  EXPECT_EQ(message({{0, 1, 2}, {2, 1}}), "threshold 2 is below threshold 1");
  EXPECT_EQ(message({{0, 1, 2}, {1}}), "1 thresholds between 3 codewords: one less than codewords are needed");
  EXPECT_EQ(message({std::vector<Rational>(65537), {}}), "65537 codewords: at most 65536");
  EXPECT_THROW(CodebookUnit::parse("sqrt(d)"), std::invalid_argument);
  EXPECT_THROW(CodebookUnit::parse("0"), std::invalid_argument);
  EXPECT_THROW(CodebookUnit::parse("-1"), std::invalid_argument);
}

// An asymmetric table: the rule for symmetric laws against the two halves by hand, at points of every piece.
TEST(Codebook, TheRuleAveragesBothSigns) {
  const Codebook book{{-3, 1, 2}, {-2, q("7/4")}};
  const ScalarRule rule = codebook_rule(book, Ball(1));
  const PiecewisePolynomial energy = codebook_energy(book, Ball(1));
  const CodebookCells cells = cells_of(book);
  for (const double z : {0.25, 1.0, 1.8, 1.99, 2.5, 7.0}) {
    const Rational z2 = Rational(z) * Rational(z);
    const Rational plus = book.codewords[cells.encode(z2, false, 1)], minus = book.codewords[cells.encode(z2, true, 1)];
    const Rational error = ((plus - Rational(z)) * (plus - Rational(z)) + (minus + Rational(z)) * (minus + Rational(z))) / 2;
    EXPECT_TRUE(rule.mse(Ball(z)).contains(Ball(error))) << z;
    EXPECT_TRUE(rule.mean(Ball(z)).contains(Ball(Rational((plus - minus) / 2)))) << z;
    EXPECT_TRUE(rule.mean(Ball(-z)).contains(Ball(Rational((minus - plus) / 2)))) << z;
    EXPECT_TRUE(energy(Ball(z)).contains(Ball(Rational((plus * plus + minus * minus) / 2)))) << z;
  }
}

// Printed tables of N(0, 1) (Max 1960), in their unit and as tables for unit vectors in dimension 64.
TEST(Codebook, PrintedTablesHaveTheirErrors) {
  struct Table {
    std::vector<const char*> positive;
    double error;
  };
  for (const auto& [positive, error] : {Table{{"0.7980"}, 0.3634}, Table{{"0.4528", "1.510"}, 0.1175},
                                        Table{{"0.2451", "0.7560", "1.344", "2.152"}, 0.03454}}) {
    Codebook book;
    for (const char* text : positive) {
      const Rational whole = parse_rational(text);
      book.codewords.push_back(whole);
      book.codewords.insert(book.codewords.begin(), -whole);
    }
    const Ball mse = CoordinateLaw::normal().expectation(codebook_rule(book, book.unit.scale(64)).mse, 60);
    EXPECT_NEAR(mse.mid_double(), error, 1e-4);
    for (Rational& c : book.codewords) c /= 8;
    book.unit = CodebookUnit::parse("1");
    EXPECT_TRUE(CoordinateLaw::normal().expectation(codebook_rule(book, book.unit.scale(64)).mse, 60).overlaps(mse));
  }
}

}  // namespace
}  // namespace hdq::reference
